import { type Processors, raiseAlert } from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { OrderId, VoucherId } from "../shared/ids.ts";
import { getOrder } from "./get-order.ts";
import { processorOf, processorUnclear } from "./processor-of.ts";
import { publishOrLeave } from "./publish-events.ts";
import { recordFact } from "./record-fact.ts";
import type { RefundDeps } from "./refund-cancelled.ts";
import type { OrderState } from "./state.ts";

const ACTOR = "refunds-consumer";
const REASON_LENGTH_MAX = 200;

/** Gives parts of what a redemption took back to its vouchers, once per refund however often it is called. */
export type CreditAll = (credit: {
  redemptionId: string;
  refundId: string;
  vouchers: readonly { voucherId: VoucherId; amountMinor: number }[];
}) => Promise<void>;

export type ExecuteDeps = RefundDeps & { creditAll: CreditAll };

/**
 * Sends back the money of every refund that was asked for and is not settled, each under a key of its
 * own: the processor does each once, whatever repeats or races. One that the processor refuses is
 * recorded as failed, which sets its money free for another; only after it was taken do vouchers get
 * their share. Throws while an outcome is unclear.
 */
export async function executeRefunds(
  io: Io,
  { processors, queues, creditAll }: ExecuteDeps,
  orderId: OrderId,
): Promise<"settled" | "not_needed"> {
  const order = await getOrder(io, orderId);
  const pending = order.refunds.filter(({ status }) => status === "pending");
  if (pending.length === 0) return "not_needed";
  for (const refund of pending) {
    const sent = refund.paidBack ? "sent" : await sendBack(io, processors, order, refund);
    if (sent === "sent" && !refund.credited) await creditVouchers(io, creditAll, order, refund);
  }
  await publishOrLeave(io, queues, orderId);
  return "settled";
}

async function creditVouchers(
  io: Io,
  creditAll: CreditAll,
  { id: orderId, placed }: OrderState,
  { refundId, vouchers = [] }: OrderState["refunds"][number],
): Promise<void> {
  const parts = vouchers.map(({ id, amount }) => ({ voucherId: id, amountMinor: amount.amount }));
  // The effect first: if its record is lost, the repeat is absorbed by the refund's own id.
  await creditAll({ redemptionId: placed.holdId, refundId, vouchers: parts });
  const fact = { type: "voucher.credited.v1", data: { refundId, vouchers } } as const;
  await recordFact(io, { orderId, actor: ACTOR, fact });
}

async function sendBack(
  io: Io,
  processors: Processors,
  order: OrderState,
  { refundId: request, amount }: OrderState["refunds"][number],
): Promise<"sent" | "accepted" | "refused"> {
  const { id: orderId, placed, status } = order;
  const processor = processorOf(processors, order);
  const { paymentId } = placed.payment;
  const key = `refund:${orderId}:${request}`;
  const outcome = await processor.refund({ paymentId, amount, key });
  switch (outcome.kind) {
    case "refunded": {
      const { refundId } = outcome;
      const data = { processor: processor.name, paymentId, refundId, amount, request };
      const fact = { type: "payment.refunded.v1", data } as const;
      await recordFact(io, { orderId, actor: ACTOR, fact });
      return "sent";
    }
    case "refused": {
      const error = new Error(`refund ${request} of order ${orderId}: ${outcome.reason}`);
      // A cancelled order owes all of its money: no one may take this for settled.
      if (status === "cancelled") throw error;
      await raiseAlert(io, { kind: "refund_refused", subject: key, detail: error.message });
      const data = { refundId: request, reason: outcome.reason.slice(0, REASON_LENGTH_MAX) };
      const fact = { type: "refund.failed.v1", data } as const;
      await recordFact(io, { orderId, actor: ACTOR, fact });
      return "refused";
    }
    case "accepted":
      // Pending until a webhook says what came of it; the reconciler asks when none comes.
      return "accepted";
    case "unknown":
      throw processorUnclear("refund", outcome.reason);
  }
}
