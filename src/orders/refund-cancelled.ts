import type { PaymentProcessor, Processors } from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { money } from "../shared/money.ts";
import type { OrderQueues } from "./events.ts";
import { getOrder } from "./get-order.ts";
import { processorOf, processorUnclear } from "./processor-of.ts";
import { publishOrLeave } from "./publish-events.ts";
import { recordFact } from "./record-fact.ts";
import type { OrderState } from "./state.ts";
import { refundableOf } from "./transitions.ts";

export type RefundDeps = { processors: Processors; queues: OrderQueues };
export type RefundResult = "refunded" | "accepted" | "voided" | "not_needed";

const ACTOR = "refunds-consumer";

/**
 * Gives a cancelled order's money back: frees it while it is only authorized, refunds it once it was
 * captured. Woken by the cancellation and by a capture that came after it, in any order and any number
 * of times: the keys at the processor and the order's own events make it happen once.
 */
export async function refundCancelled(
  io: Io,
  { processors, queues }: RefundDeps,
  orderId: OrderId,
): Promise<RefundResult> {
  const order = await getOrder(io, orderId);
  if (order.status !== "cancelled") return "not_needed";
  if (order.placed.payment.processor === "none") return "not_needed";
  const processor = processorOf(processors, order);
  const result =
    order.payment.captured === 0
      ? await freeOrRefund(io, processor, order)
      : await refundRest(io, processor, order);
  if (result !== "not_needed") await publishOrLeave(io, queues, orderId);
  return result;
}

async function freeOrRefund(
  io: Io,
  processor: PaymentProcessor,
  order: OrderState,
): Promise<RefundResult> {
  const { paymentId, authorized: amount } = order.placed.payment;
  const payment = { processor: processor.name, paymentId };
  const outcome = await processor.void({ paymentId, key: `void:${order.id}` });
  switch (outcome.kind) {
    case "voided": {
      const fact = { type: "payment.voided.v1", data: payment } as const;
      await recordFact(io, { orderId: order.id, actor: ACTOR, fact });
      return "voided";
    }
    case "captured": {
      // A capture overtook the cancellation and is not written down yet: by whoever made it, or here.
      const fact = { type: "payment.captured.v1", data: { ...payment, amount } } as const;
      const captured = await recordFact(io, { orderId: order.id, actor: ACTOR, fact });
      return refundRest(io, processor, captured);
    }
    case "unknown":
      throw processorUnclear("void", outcome.reason);
  }
}

async function refundRest(
  io: Io,
  processor: PaymentProcessor,
  order: OrderState,
): Promise<RefundResult> {
  // Refunds that were asked for before the cancellation are their own messages' work. No new one can
  // be asked for and none can fail any more, so every repeat comes to the same amount.
  const rest = refundableOf(order);
  if (rest <= 0) return "not_needed";
  const { paymentId } = order.placed.payment;
  const amount = money(rest, order.placed.totals.total.currency);
  const outcome = await processor.refund({ paymentId, amount, key: `refund:${order.id}` });
  switch (outcome.kind) {
    case "refunded": {
      const { refundId } = outcome;
      const data = { processor: processor.name, paymentId, refundId, amount };
      const fact = { type: "payment.refunded.v1", data } as const;
      await recordFact(io, { orderId: order.id, actor: ACTOR, fact });
      return "refunded";
    }
    case "accepted":
      return "accepted";
    case "refused":
      // Retried a few times and then kept as a dead letter: a person has to find out why.
      throw new Error(`the processor refuses to refund order ${order.id}: ${outcome.reason}`);
    case "unknown":
      throw processorUnclear("refund", outcome.reason);
  }
}
