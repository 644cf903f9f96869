import { z } from "zod";
import { timestamp } from "../shared/clock.ts";
import { Actor, type OrderEvent, type OrderEventBody } from "./model.ts";

export const OrderEventView = z
  .object({
    sequence: z.int(),
    type: z.string(),
    occurredAt: z.iso.datetime(),
    actor: z.object({ kind: Actor.shape.kind }),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "OrderEvent" });
export type OrderEventView = z.infer<typeof OrderEventView>;

/** What a shopper sees of an event. Whatever is not named here stays hidden, also what later versions add. */
export const publicEvent = (event: OrderEvent): OrderEventView => ({
  sequence: event.sequence,
  type: event.type,
  occurredAt: timestamp(event.occurredAtMs),
  actor: { kind: event.actor.kind },
  data: publicData(event),
});

function publicData(event: OrderEventBody): Record<string, unknown> {
  switch (event.type) {
    case "order.placed.v1": {
      // Not the checkout, whose id opens it, nor the owner, whose token opens the cart.
      const { number, email, shippingAddress, billingAddress, shippingMethod, lines, totals } =
        event.data;
      const { promotions = [], vouchers = [], shipments } = event.data;
      const { processor, authorized } = event.data.payment;
      return {
        number,
        email,
        shippingAddress,
        ...(billingAddress ? { billingAddress } : {}),
        shippingMethod,
        ...(shipments ? { shipments } : {}),
        lines,
        totals,
        promotions,
        vouchers,
        payment: { processor, authorized },
      };
    }
    case "payment.captured.v1":
    case "payment.refunded.v1":
      return { processor: event.data.processor, amount: event.data.amount };
    case "payment.capture_accepted.v1":
    case "payment.capture_failed.v1":
    case "payment.voided.v1":
      return { processor: event.data.processor };
    case "payment.capture_requested.v1":
      return {};
    case "order.cancelled.v1":
      return { reason: event.data.reason };
    case "order.stock_returned.v1":
      return { lines: event.data.lines };
    case "return.requested.v1": {
      const { returnId, lines, reason } = event.data;
      return { returnId, lines, reason };
    }
    case "return.received.v1":
      return { returnId: event.data.returnId, lines: event.data.lines };
    case "return.refused.v1":
      return { returnId: event.data.returnId, reason: event.data.reason };
    case "return.restocked.v1":
      return { returnId: event.data.returnId };
    case "order.shipped.v1": {
      const { shipmentId, of, lines, carrier, tracking, trackingUrl } = event.data;
      const named = { shipmentId, ...(of ? { of } : {}) };
      return { ...named, lines, carrier, tracking, ...(trackingUrl ? { trackingUrl } : {}) };
    }
    case "refund.requested.v1": {
      const { refundId, amount, vouchers = [], lines } = event.data;
      return { refundId, amount, vouchers, lines };
    }
    case "voucher.credited.v1":
      return { refundId: event.data.refundId, vouchers: event.data.vouchers };
    case "refund.failed.v1":
      return { refundId: event.data.refundId };
    case "order.claimed.v1":
    case "order.erased.v1":
      return {};
  }
}

/** For operators: everything, in the same shape. */
export const StaffOrderEventView = OrderEventView.extend({
  actor: Actor,
  eventId: z.string(),
  trace: z.string().describe("The request that caused it, to be found in every Worker's log"),
}).meta({ id: "StaffOrderEvent" });

export const staffEvent = (event: OrderEvent): z.infer<typeof StaffOrderEventView> => ({
  sequence: event.sequence,
  type: event.type,
  occurredAt: timestamp(event.occurredAtMs),
  actor: event.actor,
  data: event.data,
  eventId: event.eventId,
  trace: event.trace,
});
