import { and, eq, isNull } from "drizzle-orm";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { DeviceId, EventId, OrderId } from "../../shared/ids.ts";
import { type PushSettled, sentPushes } from "../schema.ts";

export type Telling = { eventId: EventId; deviceId: DeviceId };

/** `busy`: somebody else is at it, or died at it a moment ago. */
export type Claim = "claimed" | "settled" | "busy";

/** Longer than any call to a provider takes: whoever claimed it has settled it, given it up, or died. */
const CLAIM_MS = 120_000;

const rowOf = ({ eventId, deviceId }: Telling) =>
  and(eq(sentPushes.eventId, eventId), eq(sentPushes.deviceId, deviceId));

/** Takes the right to tell one device of one event. Of many who ask at once, one gets it. */
export async function claimPush(
  sql: SqlSession,
  telling: Telling & { template: string; orderId: OrderId },
  nowMs: number,
): Promise<Claim> {
  const { rowsAffected } = await sql
    .insert(sentPushes)
    .ignore()
    .values({ ...telling, claimedAtMs: nowMs });
  if (rowsAffected === 1) return "claimed";
  const { claimedAtMs, settledAtMs } = sentPushes;
  const [row] = await sql
    .select({ claimedAtMs, settledAtMs })
    .from(sentPushes)
    .where(rowOf(telling));
  if (row && row.settledAtMs !== null) return "settled";
  if (!row || row.claimedAtMs + CLAIM_MS > nowMs) return "busy";
  const isAsRead = and(isNull(settledAtMs), eq(claimedAtMs, row.claimedAtMs));
  const taken = await sql
    .update(sentPushes)
    .set({ claimedAtMs: nowMs })
    .where(and(rowOf(telling), isAsRead));
  return taken.rowsAffected === 1 ? "claimed" : "busy";
}

/** Ends a telling for good. */
export async function settlePush(
  sql: SqlSession,
  telling: Telling,
  settled: { outcome: PushSettled; providerMessageId?: string; settledAtMs: number },
): Promise<void> {
  await sql.update(sentPushes).set(settled).where(rowOf(telling));
}

/** Gives a claim back, so that a repeat need not wait until it is old. */
export async function releasePush(
  sql: SqlSession,
  telling: Telling,
  claimedAtMs: number,
): Promise<void> {
  const isOwn = and(isNull(sentPushes.settledAtMs), eq(sentPushes.claimedAtMs, claimedAtMs));
  await sql.delete(sentPushes).where(and(rowOf(telling), isOwn));
}
