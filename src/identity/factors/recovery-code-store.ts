import { and, count, eq, isNull } from "drizzle-orm";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { UserId } from "../../shared/ids.ts";
import { recoveryCodes } from "./schema.ts";

/** Call it inside a transaction: the old codes are over when the new ones are good. */
export async function replaceRecoveryCodes(
  db: SqlSession,
  userId: UserId,
  { codeHashes, nowMs }: { codeHashes: readonly string[]; nowMs: number },
): Promise<void> {
  await db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  if (codeHashes.length === 0) return;
  const rows = codeHashes.map((codeHash) => ({ userId, codeHash, createdAtMs: nowMs }));
  await db.insert(recoveryCodes).values(rows);
}

/** Uses a code up. Of two who show it at once, one has it. */
export async function useRecoveryCode(
  db: SqlSession,
  userId: UserId,
  { codeHash, nowMs }: { codeHash: string; nowMs: number },
): Promise<boolean> {
  const { rowsAffected } = await db
    .update(recoveryCodes)
    .set({ usedAtMs: nowMs })
    .where(
      and(
        eq(recoveryCodes.userId, userId),
        eq(recoveryCodes.codeHash, codeHash),
        isNull(recoveryCodes.usedAtMs),
      ),
    );
  return rowsAffected === 1;
}

export async function countRecoveryCodes(db: SqlSession, userId: UserId): Promise<number> {
  const [row] = await db
    .select({ left: count() })
    .from(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAtMs)));
  return row?.left ?? 0;
}
