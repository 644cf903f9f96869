import type { Io } from "../platform/io/io.ts";
import type { OrderId, Sku } from "../shared/ids.ts";
import type { OrderQueues } from "./events.ts";
import { getOrder } from "./get-order.ts";
import { publishOrLeave } from "./publish-events.ts";
import { recordFact } from "./record-fact.ts";
import type { OrderState } from "./state.ts";

/** Puts units back on the shelf; once per `returnId` and SKU, however often it is called. */
export type ReturnAll = (request: {
  returnId: string;
  lines: { sku: Sku; quantity: number }[];
  reason: string;
}) => Promise<void>;

export type ReturnStockDeps = { returnAll: ReturnAll; queues: OrderQueues };

/**
 * Gives a cancelled order's goods back to the stock. It may run before the checkout has committed its
 * holds: both only add up in the SKU's ledger, so their order does not matter.
 */
export async function returnStock(
  io: Io,
  { returnAll, queues }: ReturnStockDeps,
  orderId: OrderId,
): Promise<"returned" | "not_needed"> {
  const order = await getOrder(io, orderId);
  if (order.status !== "cancelled" || order.stockReturned) return "not_needed";
  const lines = soldBySku(order);
  // The effect first: if its record is lost, the repeat is absorbed by `returnId`.
  await returnAll({ returnId: `cancel:${orderId}`, lines, reason: "order cancelled" });
  const fact = { type: "order.stock_returned.v1", data: { lines } } as const;
  await recordFact(io, { orderId, actor: "orders-consumer", fact });
  await publishOrLeave(io, queues, orderId);
  return "returned";
}

/** One entry per SKU: two lines of one SKU under one `returnId` would be taken for a repeat. */
function soldBySku({ placed, cancellation }: OrderState): { sku: Sku; quantity: number }[] {
  const unsold = new Set(cancellation?.unsold);
  const quantities = new Map<Sku, number>();
  for (const { sku, quantity } of placed.lines) {
    if (!unsold.has(sku)) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  }
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
}
