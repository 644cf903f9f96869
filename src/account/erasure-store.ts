import { and, asc, eq, isNotNull, lte } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { UserId } from "../shared/ids.ts";
import { erasures } from "./schema.ts";

type DueErasure = { userId: UserId; requestedAtMs: number };

/** Notes that somebody wants to be forgotten. Asking again begins nothing anew. */
export async function beginErasure(
  db: SqlSession,
  userId: UserId,
  dueAtMs: number,
  nowMs: number,
): Promise<void> {
  await db
    .insert(erasures)
    .values({ userId, requestedAtMs: nowMs, dueAtMs, endedAtMs: null })
    .onDuplicateKeyUpdate({ set: { userId } });
}

/** The longest waiting first. */
export async function listDueErasures(
  db: SqlSession,
  nowMs: number,
  limit: number,
): Promise<DueErasure[]> {
  return db
    .select({ userId: erasures.userId, requestedAtMs: erasures.requestedAtMs })
    .from(erasures)
    .where(and(isNotNull(erasures.dueAtMs), lte(erasures.dueAtMs, nowMs)))
    .orderBy(asc(erasures.dueAtMs))
    .limit(limit);
}

export async function postponeErasure(
  db: SqlSession,
  userId: UserId,
  dueAtMs: number,
): Promise<void> {
  await db.update(erasures).set({ dueAtMs }).where(eq(erasures.userId, userId));
}

export async function endErasure(db: SqlSession, userId: UserId, endedAtMs: number): Promise<void> {
  await db.update(erasures).set({ dueAtMs: null, endedAtMs }).where(eq(erasures.userId, userId));
}
