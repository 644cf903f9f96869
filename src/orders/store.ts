import { and, asc, eq, lte, sql as raw } from "drizzle-orm";
import { isDuplicateKey } from "../platform/sql/errors.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import type { OrderId } from "../shared/ids.ts";
import { bitsOf, queuesOf } from "./events.ts";
import { OrderEvent, type OrderStatus } from "./model.ts";
import { orderEvents, orders } from "./schema.ts";
import type { OrderState } from "./state.ts";

/** The sweep leaves younger events to whoever appended them. */
const PUBLISH_GRACE_MS = 10_000;

/** How an order stands once its new events are appended, and when that is. */
export type Appending = { status: OrderStatus; nowMs: number };

/**
 * Appends in one INSERT, all or nothing. `conflict`: another event has one of these places in the
 * stream, or these very events are there already because an earlier answer was lost.
 */
export async function appendEvents(
  sql: SqlSession,
  events: readonly OrderEvent[],
  { status, nowMs }: Appending,
): Promise<"appended" | "conflict"> {
  const rows = events.map(({ actor, ...event }) => ({
    ...event,
    actorKind: actor.kind,
    actorId: actor.id,
    dueAtMs: nowMs + PUBLISH_GRACE_MS,
    awaiting: bitsOf(queuesOf(event.type, status)),
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

/** Brings the list rows of some orders up to these states, in one statement. Late writers change nothing. */
export async function projectOrders(sql: SqlSession, states: readonly OrderState[]): Promise<void> {
  if (states.length === 0) return;
  await sql
    .insert(orders)
    .values(states.map(projectionOf))
    .onDuplicateKeyUpdate({
      set: {
        // Assignments run left to right, so the version that guards the others is assigned last.
        status: newer(orders.status),
        email: newer(orders.email),
        owner: newer(orders.owner),
        capturedMinor: newer(orders.capturedMinor),
        refundedMinor: newer(orders.refundedMinor),
        paymentStatus: newer(orders.paymentStatus),
        refundsPending: newer(orders.refundsPending),
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

/** An order's list row, as its events make it. */
export function projectionOf(state: OrderState): typeof orders.$inferInsert {
  const { placed, payment } = state;
  return {
    orderId: state.id,
    number: placed.number,
    status: state.status,
    email: placed.email,
    owner: state.ownerId === undefined ? placed.cartOwner : ownerOf(state.ownerId),
    totalMinor: placed.totals.total.amount,
    capturedMinor: payment.captured,
    refundedMinor: payment.refunded,
    currency: placed.totals.total.currency,
    paymentStatus: payment.status,
    refundsPending: state.refunds.some((refund) => refund.status === "pending"),
    placedAtMs: state.placedAtMs,
    updatedAtMs: state.lastEventAtMs,
    version: state.version,
  };
}

/** How a list row names the account that an order belongs to. */
export const ownerOf = (userId: string): string => `user:${userId}`;

type EventRow = typeof orderEvents.$inferSelect;

/** Checked again on the way in: these rows outlive the code that wrote them. */
export const eventOf = ({ actorKind, actorId, ...row }: EventRow): OrderEvent =>
  OrderEvent.parse({ ...row, actor: { kind: actorKind, id: actorId } });
