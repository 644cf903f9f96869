import type { Io } from "../platform/io/io.ts";
import { assert } from "../shared/assert.ts";
import type { OrderId } from "../shared/ids.ts";
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
