import { type Processors, raiseAlert } from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import { assert } from "../shared/assert.ts";
import type { OrderId } from "../shared/ids.ts";
import type { OrderQueues } from "./events.ts";
import { getOrder } from "./get-order.ts";
import { processorOf, processorUnclear } from "./processor-of.ts";
import { publishOrLeave } from "./publish-events.ts";
import { recordFact } from "./record-fact.ts";

export type CaptureDeps = { processors: Processors; queues: OrderQueues };

const ACTOR = "orders-consumer";
const REASON_LENGTH_MAX = 200;

/**
 * Collects an order's authorized money. Cancellation may win at any point: before the call (nothing is
 * captured), at the processor (`voided`), or between the capture and its record (the record says
 * captured, and its event sends the money back). Throws while the outcome is unclear.
 */
export async function capturePayment(
  io: Io,
  { processors, queues }: CaptureDeps,
  orderId: OrderId,
): Promise<"captured" | "accepted" | "refused" | "not_needed"> {
  const order = await getOrder(io, orderId);
  // A refused capture is not asked for again by itself: somebody does, or cancels.
  if (order.status !== "placed" || order.payment.status === "failed") return "not_needed";
  const { paymentId, processor: paidBy, authorized: amount } = order.placed.payment;
  if (paidBy === "none") {
    // Vouchers have paid for everything: there is nothing to collect, and the order is paid.
    const data = { processor: paidBy, paymentId, amount };
    await recordFact(io, { orderId, actor: ACTOR, fact: { type: "payment.captured.v1", data } });
    await publishOrLeave(io, queues, orderId);
    return "captured";
  }
  const processor = processorOf(processors, order);

  // Under one key, so that a repeat after a lost answer is told of the first capture; after a refusal
  // under the next, because the old one only tells of the refusal.
  const { captureFailures } = order.payment;
  const key = `capture:${orderId}${captureFailures > 0 ? `:${captureFailures + 1}` : ""}`;
  const outcome = await processor.capture({ paymentId, amount, key });
  switch (outcome.kind) {
    case "captured": {
      const data = { processor: processor.name, paymentId, amount };
      const fact = { type: "payment.captured.v1", data } as const;
      await recordFact(io, { orderId, actor: ACTOR, fact });
      await publishOrLeave(io, queues, orderId);
      return "captured";
    }
    case "accepted": {
      // Its result comes by webhook, or is asked for by the reconciler; no message has to wait for it.
      const data = { processor: processor.name, paymentId };
      const fact = { type: "payment.capture_accepted.v1", data } as const;
      await recordFact(io, { orderId, actor: ACTOR, fact });
      await publishOrLeave(io, queues, orderId);
      return "accepted";
    }
    case "refused": {
      const reason = outcome.reason.slice(0, REASON_LENGTH_MAX);
      const data = { processor: processor.name, paymentId, reason };
      const fact = { type: "payment.capture_failed.v1", data } as const;
      await recordFact(io, { orderId, actor: ACTOR, fact });
      const detail = `the capture of order ${order.placed.number} was refused: ${reason}`;
      await raiseAlert(io, { kind: "capture_refused", subject: key, detail });
      await publishOrLeave(io, queues, orderId);
      return "refused";
    }
    case "voided": {
      const { status } = await getOrder(io, orderId);
      // Not lost silently: goods must not leave for money that will never come.
      assert(status === "cancelled", `order ${orderId} stands, but its authorization is gone`);
      return "not_needed";
    }
    case "unknown":
      throw processorUnclear("capture", outcome.reason);
  }
}
