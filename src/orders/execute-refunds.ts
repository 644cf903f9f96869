import type { PaymentProcessor } from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { OrderId } from "../shared/ids.ts";
import { getOrder } from "./get-order.ts";
import { processorOf, processorUnclear } from "./processor-of.ts";
import { publishOrLeave } from "./publish-events.ts";
import { recordFact } from "./record-fact.ts";
import type { RefundDeps } from "./refund-cancelled.ts";
import type { OrderState } from "./state.ts";

const ACTOR = "refunds-consumer";
const REASON_LENGTH_MAX = 200;

/**
 * Sends back the money of every refund that was asked for and is not settled, each under a key of its
 * own: the processor does each once, whatever repeats or races. One that the processor refuses is
 * recorded as failed, which sets its money free for another. Throws while an outcome is unclear.
 */
export async function executeRefunds(
  io: Io,
  { processors, queues }: RefundDeps,
  orderId: OrderId,
): Promise<"settled" | "not_needed"> {
  const order = await getOrder(io, orderId);
  const pending = order.refunds.filter(({ status }) => status === "pending");
  if (pending.length === 0) return "not_needed";
  const processor = processorOf(processors, order);
  for (const refund of pending) await executeRefund(io, processor, order, refund);
  await publishOrLeave(io, queues, orderId);
  return "settled";
}

async function executeRefund(
  io: Io,
  processor: PaymentProcessor,
  { id: orderId, placed, status }: OrderState,
  { refundId: request, amount }: OrderState["refunds"][number],
): Promise<void> {
  const { paymentId } = placed.payment;
  const key = `refund:${orderId}:${request}`;
  const outcome = await processor.refund({ paymentId, amount, key });
  switch (outcome.kind) {
    case "refunded": {
      const { refundId } = outcome;
      const data = { processor: processor.name, paymentId, refundId, amount, request };
      const fact = { type: "payment.refunded.v1", data } as const;
      await recordFact(io, { orderId, actor: ACTOR, fact });
      return;
    }
    case "refused": {
      const error = new Error(`refund ${request} of order ${orderId}: ${outcome.reason}`);
      // A cancelled order owes all of its money: no one may take this for settled.
      if (status === "cancelled") throw error;
      logError("orders.refund_refused", error, { orderId, refundId: request, trace: io.trace });
      const data = { refundId: request, reason: outcome.reason.slice(0, REASON_LENGTH_MAX) };
      const fact = { type: "refund.failed.v1", data } as const;
      await recordFact(io, { orderId, actor: ACTOR, fact });
      return;
    }
    case "unknown":
      throw processorUnclear("refund", outcome.reason);
  }
}
