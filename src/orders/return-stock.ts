import type { Io } from "../platform/io/io.ts";
import type { OrderId, Sku } from "../shared/ids.ts";
import type { OrderQueues } from "./events.ts";
import { getOrder } from "./get-order.ts";
import { publishOrLeave } from "./publish-events.ts";
import { recordFact } from "./record-fact.ts";

/** Undoes a hold or its sale, once per hold and SKU however often it is called; answers what went back. */
export type TakeBackAll = (request: {
  holdId: string;
  skus: readonly Sku[];
  reason: string;
}) => Promise<{ sku: Sku; quantity: number }[]>;

export type ReturnStockDeps = { takeBackAll: TakeBackAll; queues: OrderQueues };

/**
 * Gives a cancelled order's goods back to the stock. It may run before the checkout has committed its
 * holds: then it frees them, and that commit sells nothing. So only what was taken goes back.
 */
export async function returnStock(
  io: Io,
  { takeBackAll, queues }: ReturnStockDeps,
  orderId: OrderId,
): Promise<"returned" | "not_needed"> {
  const order = await getOrder(io, orderId);
  if (order.status !== "cancelled" || order.stockReturned) return "not_needed";
  const { holdId, lines } = order.placed;
  const skus = [...new Set(lines.map(({ sku }) => sku))];
  // The effect first: if its record is lost, the repeat is absorbed by the hold's own id.
  const returned = await takeBackAll({ holdId, skus, reason: `order ${orderId} cancelled` });
  const fact = { type: "order.stock_returned.v1", data: { lines: returned } } as const;
  await recordFact(io, { orderId, actor: "orders-consumer", fact });
  await publishOrLeave(io, queues, orderId);
  return "returned";
}
