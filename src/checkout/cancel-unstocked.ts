import { cancelOrder } from "../orders/index.ts";
import { raiseAlert } from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { Attempt } from "./saga/attempt.ts";

/**
 * Cancels an order whose stock went to others while its payment was pending; that sends the money back.
 * One that was cancelled or refunded whole meanwhile owes no goods. Any other that cannot be cancelled, as
 * staff already shipped of it, is for a person: the shelf and the books differ.
 */
export async function cancelUnstocked(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, key }: Pick<Attempt, "orderId" | "key">,
): Promise<void> {
  const actor = { kind: "system", id: "checkout" } as const;
  const cancelled = await cancelOrder(io, { orderId, actor, reason: "stock_lost", request: key });
  if (cancelled.ok) return;
  const status = "status" in cancelled.error ? cancelled.error.status : "unknown";
  if (status === "cancelled" || status === "refunded") return;
  const detail = `the stock of this order was lost before it could be taken, and it is ${status}: count what is left of its SKUs, then refund or send what is owed`;
  await raiseAlert(io, { kind: "stock_lost", subject: orderId, detail });
}
