import { and, asc, eq } from "drizzle-orm";
import { isDuplicateKey } from "../../platform/sql/errors.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import { sha256Hex } from "../../shared/digest.ts";
import type { UserId } from "../../shared/ids.ts";
import { oidcIdentities } from "./schema.ts";

export type OidcIdentity = { userId: UserId; issuer: string; subject: string; linkedAtMs: number };

const hashOf = ({ issuer, subject }: Pick<OidcIdentity, "issuer" | "subject">) =>
  sha256Hex(`${issuer}\n${subject}`);

export async function findIdentity(
  db: SqlSession,
  identity: Pick<OidcIdentity, "issuer" | "subject">,
): Promise<UserId | undefined> {
  const [row] = await db
    .select({ userId: oidcIdentities.userId })
    .from(oidcIdentities)
    .where(eq(oidcIdentities.identityHash, await hashOf(identity)));
  return row?.userId;
}

/** False where it is somebody's already, or its user has another of that issuer. */
export async function insertIdentity(db: SqlSession, identity: OidcIdentity): Promise<boolean> {
  try {
    await db.insert(oidcIdentities).values({ ...identity, identityHash: await hashOf(identity) });
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

export const listIdentities = (db: SqlSession, userId: UserId) =>
  db
    .select({ issuer: oidcIdentities.issuer, linkedAtMs: oidcIdentities.linkedAtMs })
    .from(oidcIdentities)
    .where(eq(oidcIdentities.userId, userId))
    .orderBy(asc(oidcIdentities.linkedAtMs), asc(oidcIdentities.issuer));

export async function deleteIdentity(
  db: SqlSession,
  { userId, issuer }: Pick<OidcIdentity, "userId" | "issuer">,
): Promise<boolean> {
  const isIt = and(eq(oidcIdentities.userId, userId), eq(oidcIdentities.issuer, issuer));
  const { rowsAffected } = await db.delete(oidcIdentities).where(isIt);
  return rowsAffected === 1;
}
