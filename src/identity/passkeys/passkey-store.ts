import { and, asc, eq, sql } from "drizzle-orm";
import { isDuplicateKey } from "../../platform/sql/errors.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import { sha256Hex } from "../../shared/digest.ts";
import type { PasskeyId, UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { passkeys } from "./schema.ts";

export type Passkey = typeof passkeys.$inferSelect;
type NewPasskey = Omit<Passkey, "credentialHash" | "uses" | "lastUsedAtMs">;

/** Enough for all devices of a person; each page of options lists them all. */
export const PASSKEYS_MAX = 20;

export async function insertPasskey(
  db: SqlSession,
  passkey: NewPasskey,
): Promise<Result<null, { code: "passkey_known" }>> {
  const credentialHash = await sha256Hex(passkey.credentialId);
  try {
    await db.insert(passkeys).values({ ...passkey, credentialHash, uses: 0 });
    return ok(null);
  } catch (error) {
    if (isDuplicateKey(error)) return err({ code: "passkey_known" });
    throw error;
  }
}

export async function findPasskey(
  db: SqlSession,
  credentialId: string,
): Promise<Passkey | undefined> {
  const credentialHash = await sha256Hex(credentialId);
  const [row] = await db.select().from(passkeys).where(eq(passkeys.credentialHash, credentialHash));
  return row;
}

export const listPasskeys = (db: SqlSession, userId: UserId): Promise<Passkey[]> =>
  db
    .select()
    .from(passkeys)
    .where(eq(passkeys.userId, userId))
    .orderBy(asc(passkeys.createdAtMs), asc(passkeys.id))
    .limit(PASSKEYS_MAX);

type Use = { id: PasskeyId; counter: number; nowMs: number };

/**
 * Counts a use. False where the authenticator's counter has not grown although it counts: then there are
 * two of it (WebAuthn, section 6.1.1). Passkeys that are synchronised always say 0.
 */
export async function usePasskey(db: SqlSession, { id, counter, nowMs }: Use): Promise<boolean> {
  const { rowsAffected } = await db
    .update(passkeys)
    .set({ counter, uses: sql`${passkeys.uses} + 1`, lastUsedAtMs: nowMs })
    .where(
      and(
        eq(passkeys.id, id),
        sql`(${passkeys.counter} < ${counter} OR (${passkeys.counter} = 0 AND ${counter} = 0))`,
      ),
    );
  return rowsAffected === 1;
}

export async function deletePasskey(
  db: SqlSession,
  { id, userId }: { id: PasskeyId; userId: UserId },
): Promise<boolean> {
  const isTheirs = and(eq(passkeys.id, id), eq(passkeys.userId, userId));
  const { rowsAffected } = await db.delete(passkeys).where(isTheirs);
  return rowsAffected === 1;
}
