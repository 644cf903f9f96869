import { and, asc, eq, gt, inArray, lte, or, sql as raw } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { EventId, OrderId } from "../shared/ids.ts";
import { bitOf, type OrderQueueName, queuesIn } from "./events.ts";
import type { OrderEvent } from "./model.ts";
import { orderEvents } from "./schema.ts";
import { eventOf } from "./store.ts";

// An event is owed to some queues from its append on. Sending is not the end of it: a queue may lose a
// message (the local one lives in memory), and a message may die in its retries. So a sent event stays
// due for another sending until each consumer has said that it settled it; the wait doubles each time.

const RESEND_AFTER_MIN_MS = 60_000;

/** An event as the outbox sees it; `event` throws when the row cannot be understood. */
export type OutboxRow = {
  eventId: EventId;
  /** Never sent yet, or sent long ago and not settled since. */
  due: boolean;
  awaiting: readonly OrderQueueName[];
  event: () => OrderEvent;
};

/** The whole streams of some orders in one statement, each oldest first. */
export async function readStreams(
  sql: SqlSession,
  orderIds: readonly OrderId[],
  nowMs: number,
): Promise<Map<OrderId, OutboxRow[]>> {
  if (orderIds.length === 0) return new Map();
  const rows = await sql
    .select()
    .from(orderEvents)
    .where(inArray(orderEvents.orderId, [...new Set(orderIds)]))
    .orderBy(asc(orderEvents.orderId), asc(orderEvents.sequence));
  const streams = Map.groupBy(rows, (row) => row.orderId);
  return new Map(
    [...streams].map(([orderId, stream]) => [
      orderId,
      stream.map((row) => ({
        eventId: row.eventId,
        due: row.publishedAtMs === null || (row.dueAtMs !== null && row.dueAtMs <= nowMs),
        awaiting: queuesIn(row.awaiting),
        event: () => eventOf(row),
      })),
    ]),
  );
}

/** A place in the outbox: events are swept as they fall due, ties by id. */
export type OutboxPlace = { orderId: OrderId; eventId: EventId; dueAtMs: number };

/** Events that are due, the longest waiting first. */
export async function listDue(
  sql: SqlSession,
  page: { nowMs: number; limit: number; after?: OutboxPlace | undefined },
): Promise<OutboxPlace[]> {
  const { orderId, eventId, dueAtMs } = orderEvents;
  const { after } = page;
  const beyond =
    after &&
    or(gt(dueAtMs, after.dueAtMs), and(eq(dueAtMs, after.dueAtMs), gt(eventId, after.eventId)));
  const rows = await sql
    .select({ orderId, eventId, dueAtMs })
    .from(orderEvents)
    .where(and(lte(dueAtMs, page.nowMs), beyond))
    .orderBy(asc(dueAtMs), asc(eventId))
    .limit(page.limit);
  return rows.map((row) => ({ ...row, dueAtMs: row.dueAtMs ?? 0 }));
}

/** Notes that every queue took these events. A consumer may have settled one before this is written. */
export async function markPublished(
  sql: SqlSession,
  eventIds: readonly EventId[],
  nowMs: number,
): Promise<void> {
  if (eventIds.length === 0) return;
  const { awaiting, occurredAtMs } = orderEvents;
  const again = raw`${nowMs} + greatest(${RESEND_AFTER_MIN_MS}, ${nowMs} - ${occurredAtMs})`;
  await sql
    .update(orderEvents)
    .set({ publishedAtMs: nowMs, dueAtMs: raw`if(${awaiting} = 0, null, ${again})` })
    .where(inArray(orderEvents.eventId, [...eventIds]));
}

/** Notes that a queue's consumer is done with an event. Once all are, it is not sent again. */
export async function settleEvent(
  sql: SqlSession,
  eventId: EventId,
  queue: OrderQueueName,
): Promise<void> {
  const { awaiting, publishedAtMs, dueAtMs } = orderEvents;
  const rest = raw`${awaiting} & ~${bitOf(queue)}`;
  await sql
    .update(orderEvents)
    .set({
      // MySQL assigns in the order of the table's columns, each seeing those before it: this one must
      // read `awaiting` as it was. An event whose sending is not noted yet stays due for its list row.
      dueAtMs: raw`if((${rest}) = 0 and ${publishedAtMs} is not null, null, ${dueAtMs})`,
      awaiting: raw`${rest}`,
    })
    .where(eq(orderEvents.eventId, eventId));
}
