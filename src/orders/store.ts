import { and, asc, eq, gt, inArray, isNull, lte, or, sql as raw } from "drizzle-orm";
import { isDuplicateKey } from "../platform/sql/errors.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import type { EventId, OrderId } from "../shared/ids.ts";
import { OrderEvent } from "./model.ts";
import { orderEvents, orders } from "./schema.ts";
import type { OrderState } from "./state.ts";

/**
 * Appends in one INSERT, all or nothing. `conflict`: another event has one of these places in the
 * stream, or these very events are there already because an earlier answer was lost.
 */
export async function appendEvents(
  sql: SqlSession,
  events: readonly OrderEvent[],
): Promise<"appended" | "conflict"> {
  const rows = events.map(({ actor, ...event }) => ({
    ...event,
    actorKind: actor.kind,
    actorId: actor.id,
  }));
  try {
    await sql.insert(orderEvents).values(rows);
    return "appended";
  } catch (error) {
    if (isDuplicateKey(error)) return "conflict";
    throw error;
  }
}

/** The events of one order up to a moment, oldest first. Empty when there is no such order. */
export async function readEvents(
  sql: SqlSession,
  orderId: OrderId,
  untilMs?: number,
): Promise<OrderEvent[]> {
  const until = untilMs === undefined ? undefined : lte(orderEvents.occurredAtMs, untilMs);
  const rows = await sql
    .select()
    .from(orderEvents)
    .where(and(eq(orderEvents.orderId, orderId), until))
    .orderBy(asc(orderEvents.sequence));
  return rows.map(eventOf);
}

/** One page of an order's events, after a sequence. */
export async function listEvents(
  sql: SqlSession,
  page: { orderId: OrderId; afterSequence: number; limit: number },
): Promise<OrderEvent[]> {
  const rows = await sql
    .select()
    .from(orderEvents)
    .where(and(eq(orderEvents.orderId, page.orderId), gt(orderEvents.sequence, page.afterSequence)))
    .orderBy(asc(orderEvents.sequence))
    .limit(page.limit);
  return rows.map(eventOf);
}

/** An event with what the outbox knows of it; `event` throws when the row cannot be understood. */
export type OutboxRow = { eventId: EventId; published: boolean; event: () => OrderEvent };

/** The whole streams of some orders in one statement, each oldest first. */
export async function readStreams(
  sql: SqlSession,
  orderIds: readonly OrderId[],
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
        published: row.publishedAtMs !== null,
        event: () => eventOf(row),
      })),
    ]),
  );
}

/** A place in the outbox: events are swept by age, ties by id. */
export type OutboxPlace = { orderId: OrderId; eventId: EventId; occurredAtMs: number };

/** Events that happened before `olderThanMs` and that not every queue has yet; the oldest first. */
export function unpublished(
  sql: SqlSession,
  page: { olderThanMs: number; limit: number; after?: OutboxPlace | undefined },
): Promise<OutboxPlace[]> {
  const { occurredAtMs, eventId } = orderEvents;
  const { after } = page;
  const beyond =
    after &&
    or(
      gt(occurredAtMs, after.occurredAtMs),
      and(eq(occurredAtMs, after.occurredAtMs), gt(eventId, after.eventId)),
    );
  return sql
    .select({ orderId: orderEvents.orderId, eventId, occurredAtMs })
    .from(orderEvents)
    .where(and(isNull(orderEvents.publishedAtMs), lte(occurredAtMs, page.olderThanMs), beyond))
    .orderBy(asc(occurredAtMs), asc(eventId))
    .limit(page.limit);
}

export async function markPublished(
  sql: SqlSession,
  eventIds: readonly EventId[],
  nowMs: number,
): Promise<void> {
  if (eventIds.length === 0) return;
  await sql
    .update(orderEvents)
    .set({ publishedAtMs: nowMs })
    .where(and(inArray(orderEvents.eventId, [...eventIds]), isNull(orderEvents.publishedAtMs)));
}

/** Brings the list rows of some orders up to these states, in one statement. Late writers change nothing. */
export async function projectOrders(sql: SqlSession, states: readonly OrderState[]): Promise<void> {
  if (states.length === 0) return;
  await sql
    .insert(orders)
    .values(states.map(projection))
    .onDuplicateKeyUpdate({
      set: {
        // Assignments run left to right, so the version that guards the others is assigned last.
        status: newer(orders.status),
        capturedMinor: newer(orders.capturedMinor),
        refundedMinor: newer(orders.refundedMinor),
        paymentStatus: newer(orders.paymentStatus),
        updatedAtMs: newer(orders.updatedAtMs),
        version: newer(orders.version),
      },
    });
}

type ProjectedColumn = (typeof orders)[keyof typeof orders & keyof typeof orders.$inferSelect];

// `VALUES()` and not a row alias: MariaDB knows no alias. Raw names, because a qualified column is
// not allowed inside `VALUES()`.
const newer = ({ name }: ProjectedColumn) =>
  raw.raw(`if(values(\`version\`) > \`version\`, values(\`${name}\`), \`${name}\`)`);

function projection(state: OrderState): typeof orders.$inferInsert {
  const { placed, payment } = state;
  return {
    orderId: state.id,
    number: placed.number,
    status: state.status,
    email: placed.email,
    owner: placed.cartOwner,
    totalMinor: placed.totals.total.amount,
    capturedMinor: payment.captured,
    refundedMinor: payment.refunded,
    currency: placed.totals.total.currency,
    paymentStatus: payment.status,
    placedAtMs: state.placedAtMs,
    updatedAtMs: state.lastEventAtMs,
    version: state.version,
  };
}

type EventRow = typeof orderEvents.$inferSelect;

/** Checked again on the way in: these rows outlive the code that wrote them. */
const eventOf = ({ actorKind, actorId, publishedAtMs: _, ...row }: EventRow): OrderEvent =>
  OrderEvent.parse({ ...row, actor: { kind: actorKind, id: actorId } });
