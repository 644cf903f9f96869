import type { Io } from "../platform/io/io.ts";
import { assert } from "../shared/assert.ts";
import type { OrderId } from "../shared/ids.ts";
import type { OrderEvent, OrderStatus, OrderView } from "./model.ts";
import { orderView } from "./order-view.ts";
import { foldOrder, type OrderState } from "./state.ts";
import { readEvents } from "./store.ts";

/** The order as it is, or as it was at a moment. `undefined` before its first event. One round trip. */
export async function findOrder(
  { sql }: Pick<Io, "sql">,
  orderId: OrderId,
  atMs?: number,
): Promise<OrderState | undefined> {
  return foldOrder(await readEvents(sql, orderId, atMs));
}

/** For consumers: a message about an order that is not there is a bug or a lost database. */
export async function getOrder(io: Pick<Io, "sql">, orderId: OrderId): Promise<OrderState> {
  const state = await findOrder(io, orderId);
  assert(state, `order ${orderId} has no events`);
  return state;
}

/** An order as it was with one of its events, that event, and what the order has come to since. */
export type OrderMoment = {
  order: OrderView;
  event: OrderEvent;
  status: OrderStatus;
  /** Whose it is by now; undefined for a guest's. */
  ownerId: string | undefined;
};

/** For who tells of an event: a repeat finds the same moment, whatever happened since. One round trip. */
export async function orderAt(
  io: Pick<Io, "sql">,
  orderId: OrderId,
  sequence: number,
): Promise<OrderMoment> {
  const events = await readEvents(io.sql, orderId);
  const now = foldOrder(events);
  const event = events[sequence - 1];
  assert(now && event, `order ${orderId} has no event ${sequence}`);
  const then = foldOrder(events.slice(0, sequence));
  assert(then, "an order begins with its first event");
  return { order: orderView(then), event, status: now.status, ownerId: now.ownerId };
}
