import { and, eq, isNotNull } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { UserId } from "../shared/ids.ts";
import { totpFactors } from "./factors/schema.ts";
import { oidcIdentities } from "./oidc/schema.ts";
import { passkeys } from "./passkeys/schema.ts";
import { passwords, users } from "./schema.ts";

export type User = { userId: UserId; email: string; createdAtMs: number };

/** Who has an account that is not closed. Their address is proven: without a proof there is no account. */
export async function findUser(db: SqlSession, userId: UserId): Promise<User | undefined> {
  const { id, email, createdAtMs, status } = users;
  const [row] = await db
    .select({ userId: id, email, createdAtMs })
    .from(users)
    .where(and(eq(id, userId), eq(status, "active")));
  return row;
}

export type SignInMeans = {
  passwordChangedAtMs: number | undefined;
  authenticatorSinceMs: number | undefined;
  passkeys: { id: string; name: string; createdAtMs: number; lastUsedAtMs: number | null }[];
  providers: { issuer: string; linkedAtMs: number }[];
};

/** By what somebody signs in: never a secret, only that there is one and since when. One round trip. */
export async function signInMeans(db: SqlSession, userId: UserId): Promise<SignInMeans> {
  const [password, totp, keys, providers] = await Promise.all([
    db.select({ atMs: passwords.changedAtMs }).from(passwords).where(eq(passwords.userId, userId)),
    db
      .select({ atMs: totpFactors.confirmedAtMs })
      .from(totpFactors)
      .where(and(eq(totpFactors.userId, userId), isNotNull(totpFactors.secret))),
    db
      .select({
        id: passkeys.id,
        name: passkeys.name,
        createdAtMs: passkeys.createdAtMs,
        lastUsedAtMs: passkeys.lastUsedAtMs,
      })
      .from(passkeys)
      .where(eq(passkeys.userId, userId)),
    db
      .select({ issuer: oidcIdentities.issuer, linkedAtMs: oidcIdentities.linkedAtMs })
      .from(oidcIdentities)
      .where(eq(oidcIdentities.userId, userId)),
  ]);
  return {
    passwordChangedAtMs: password[0]?.atMs,
    authenticatorSinceMs: totp[0]?.atMs ?? undefined,
    passkeys: keys,
    providers,
  };
}
