import type { Context } from "hono";
import type { ApiEnv } from "../platform/http/context.ts";
import { Problem } from "../platform/http/problem.ts";
import type { OrderId } from "../shared/ids.ts";
import type { OrderEvent } from "./model.ts";
import { accessTo, mayOpen } from "./order-access.ts";
import { foldOrder } from "./state.ts";
import { readEvents } from "./store.ts";

/**
 * All that happened to an order, for whoever may see it. One round trip, for an order of somebody else
 * as for one that there is not.
 *
 * @throws Problem `not-found` for both of these.
 */
export async function openedEvents(c: Context<ApiEnv>, orderId: OrderId): Promise<OrderEvent[]> {
  const access = await accessTo(c);
  const events = await readEvents(c.var.io.sql, orderId);
  const order = foldOrder(events);
  if (!order || !mayOpen(access, order)) throw new Problem("not-found");
  return events;
}
