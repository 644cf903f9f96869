import { asc, gt, inArray } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { EventId, OrderId } from "../shared/ids.ts";
import { type OrderQueueName, queuesIn } from "./events.ts";
import type { OrderEvent } from "./model.ts";
import { orderEvents, orders } from "./schema.ts";
import { foldOrder, type OrderState } from "./state.ts";
import { eventOf, projectionOf } from "./store.ts";

/** An event with what the outbox notes about it. */
export type StoredEvent = {
  sequence: number;
  eventId: EventId;
  type: string;
  occurredAtMs: number;
  publishedAtMs: number | null;
  dueAtMs: number | null;
  /** The queues whose consumer has not settled it. */
  awaiting: readonly OrderQueueName[];
  /** Undefined when the row cannot be understood. */
  event: OrderEvent | undefined;
};

/** All that is stored of one order: what audits and traces look at. */
export type OrderEvidence = {
  orderId: OrderId;
  events: readonly StoredEvent[];
  /** What its events make; the reason where they make nothing. */
  state: { ok: true; value: OrderState } | { ok: false; reason: string };
  /** The fields of its list row that are not what its events say; undefined without a row. */
  listDiffers: readonly string[] | undefined;
};

/** Order ids in their own order, after one of them. */
export async function listOrderIds(
  sql: SqlSession,
  { after, limit }: { after: OrderId | undefined; limit: number },
): Promise<OrderId[]> {
  const rows = await sql
    .selectDistinct({ orderId: orderEvents.orderId })
    .from(orderEvents)
    .where(after === undefined ? undefined : gt(orderEvents.orderId, after))
    .orderBy(asc(orderEvents.orderId))
    .limit(limit);
  return rows.map(({ orderId }) => orderId);
}

/** The evidence of some orders, in two statements side by side. Orders without events are left out. */
export async function readEvidence(
  sql: SqlSession,
  orderIds: readonly OrderId[],
): Promise<OrderEvidence[]> {
  if (orderIds.length === 0) return [];
  const ids = [...orderIds];
  const [rows, listed] = await Promise.all([
    sql
      .select()
      .from(orderEvents)
      .where(inArray(orderEvents.orderId, ids))
      .orderBy(asc(orderEvents.orderId), asc(orderEvents.sequence)),
    sql.select().from(orders).where(inArray(orders.orderId, ids)),
  ]);
  const streams = Map.groupBy(rows, (row) => row.orderId);
  return [...streams].map(([orderId, stream]) => {
    const events = stream.map(storedEvent);
    const state = stateOf(events);
    const row = listed.find((each) => each.orderId === orderId);
    const listDiffers = row && state.ok ? differences(row, projectionOf(state.value)) : undefined;
    return { orderId, events, state, listDiffers };
  });
}

type EventRow = typeof orderEvents.$inferSelect;

function storedEvent(row: EventRow): StoredEvent {
  const { sequence, eventId, type, occurredAtMs, publishedAtMs, dueAtMs } = row;
  const awaiting = queuesIn(row.awaiting);
  let event: OrderEvent | undefined;
  try {
    event = eventOf(row);
  } catch {
    event = undefined; // An audit names what it cannot read instead of ending there.
  }
  return { sequence, eventId, type, occurredAtMs, publishedAtMs, dueAtMs, awaiting, event };
}

function stateOf(events: readonly StoredEvent[]): OrderEvidence["state"] {
  const unreadable = events.find(({ event }) => event === undefined);
  if (unreadable) return { ok: false, reason: `event ${unreadable.sequence} cannot be read` };
  try {
    const value = foldOrder(events.flatMap(({ event }) => event ?? []));
    return value ? { ok: true, value } : { ok: false, reason: "there are no events" };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

type ListRow = typeof orders.$inferSelect;

const differences = (row: ListRow, made: typeof orders.$inferInsert): string[] =>
  (Object.keys(made) as (keyof ListRow)[]).filter((name) => row[name] !== made[name]);
