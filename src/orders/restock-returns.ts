import type { Io } from "../platform/io/io.ts";
import type { OrderId, Sku } from "../shared/ids.ts";
import type { OrderQueues } from "./events.ts";
import { getOrder } from "./get-order.ts";
import { publishOrLeave } from "./publish-events.ts";
import { recordFact } from "./record-fact.ts";

/** Puts goods back where they were sold from, once per return and SKU however often it is called. */
export type Restock = (request: {
  returnId: string;
  holdId: string;
  otherReturnIds: readonly string[];
  lines: readonly { sku: Sku; quantity: number }[];
  reason: string;
}) => Promise<void>;

export type RestockDeps = { restock: Restock; queues: OrderQueues };

/** Puts what was received of an order's returns back to stock, as far as that is not done. */
export async function restockReturns(
  io: Io,
  { restock, queues }: RestockDeps,
  orderId: OrderId,
): Promise<"restocked" | "not_needed"> {
  const order = await getOrder(io, orderId);
  const received = order.returns.filter(
    ({ status, restocked }) => status === "received" && !restocked,
  );
  if (received.length === 0) return "not_needed";
  const { holdId } = order.placed;
  const returnIds = order.returns.map(({ returnId }) => returnId);
  for (const { returnId, restock: lines } of received) {
    const otherReturnIds = returnIds.filter((id) => id !== returnId);
    const reason = `return of order ${orderId}`;
    // The effect first: if its record is lost, the repeat is absorbed by the return's own id.
    await restock({ returnId, holdId, otherReturnIds, lines, reason });
    const fact = { type: "return.restocked.v1", data: { returnId } } as const;
    await recordFact(io, { orderId, actor: "orders-consumer", fact });
  }
  await publishOrLeave(io, queues, orderId);
  return "restocked";
}
