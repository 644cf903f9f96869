import { and, asc, desc, eq, inArray, lte, sql } from "drizzle-orm";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { DeviceId, UserId } from "../../shared/ids.ts";
import { pushDevices } from "./schema.ts";

export type DeviceRow = typeof pushDevices.$inferSelect;

/** Above what one shopper may have: registrations that race may pass that for a moment. */
const READ_MAX = 50;

/**
 * Writes a registration over the one that its token had. A token that was another's is a phone that
 * changed hands: the row becomes the new owner's as if it had never been anybody's.
 */
export async function saveDevice(db: SqlSession, row: DeviceRow): Promise<void> {
  const { tokenHash: _key, createdAtMs, ...changed } = row;
  const isTheirs = sql`${pushDevices.userId} = ${row.userId}`;
  const since = sql`IF(${isTheirs}, ${pushDevices.createdAtMs}, ${createdAtMs})`;
  await db
    .insert(pushDevices)
    .values(row)
    .onDuplicateKeyUpdate({ set: { createdAtMs: since, ...changed } });
}

/** All of a shopper's devices, the last seen first. */
export async function readDevices(db: SqlSession, userId: UserId): Promise<DeviceRow[]> {
  return db
    .select()
    .from(pushDevices)
    .where(eq(pushDevices.userId, userId))
    .orderBy(desc(pushDevices.lastSeenAtMs), desc(pushDevices.tokenHash))
    .limit(READ_MAX);
}

/** Those whose sessions are to be looked at again, the longest due first. */
export async function readDueDevices(
  db: SqlSession,
  { nowMs, limit }: { nowMs: number; limit: number },
): Promise<DeviceRow[]> {
  return db
    .select()
    .from(pushDevices)
    .where(lte(pushDevices.checkDueMs, nowMs))
    .orderBy(asc(pushDevices.checkDueMs))
    .limit(limit);
}

export async function postponeCheck(
  db: SqlSession,
  rows: readonly DeviceRow[],
  checkDueMs: number,
): Promise<void> {
  if (rows.length === 0) return;
  const hashes = rows.map(({ tokenHash }) => tokenHash);
  await db.update(pushDevices).set({ checkDueMs }).where(inArray(pushDevices.tokenHash, hashes));
}

/** Deletes rows as they were read: one that was registered anew since, by whomever, stays. */
export async function deleteDevices(db: SqlSession, rows: readonly DeviceRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { tokenHash, sessionId, lastSeenAtMs } = pushDevices;
  const asRead = rows.map((row) => sql`(${row.tokenHash}, ${row.sessionId}, ${row.lastSeenAtMs})`);
  const isAsRead = sql`(${tokenHash}, ${sessionId}, ${lastSeenAtMs}) IN (${sql.join(asRead, sql`, `)})`;
  return (await db.delete(pushDevices).where(isAsRead)).rowsAffected;
}

export async function deleteDevice(
  db: SqlSession,
  { userId, id }: { userId: UserId; id: DeviceId },
): Promise<boolean> {
  const isTheirs = and(eq(pushDevices.userId, userId), eq(pushDevices.id, id));
  return (await db.delete(pushDevices).where(isTheirs)).rowsAffected > 0;
}

export async function deleteAllDevices(db: SqlSession, userId: UserId): Promise<void> {
  await db.delete(pushDevices).where(eq(pushDevices.userId, userId));
}
