import { z } from "zod";
import { type OrderEventType, type OrderMoment, publicEvent } from "../orders/index.ts";
import { timestamp } from "../shared/clock.ts";

/** What merchants can be told of. The names are public. */
export const WebhookEvent = z.enum([
  "order.paid",
  "order.cancelled",
  "order.shipped",
  "order.refunded",
  "return.requested",
  "return.received",
  "return.refused",
]);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

const NAMES: Partial<Record<OrderEventType, WebhookEvent>> = {
  "payment.captured.v1": "order.paid",
  "order.cancelled.v1": "order.cancelled",
  "order.shipped.v1": "order.shipped",
  "payment.refunded.v1": "order.refunded",
  "voucher.credited.v1": "order.refunded",
  "return.requested.v1": "return.requested",
  "return.received.v1": "return.received",
  "return.refused.v1": "return.refused",
};

/** A cancelled order's late capture is no sale. */
export function webhookEventOf({ event, order }: OrderMoment): WebhookEvent | undefined {
  const name = NAMES[event.type];
  return name === "order.paid" && order.status === "cancelled" ? undefined : name;
}

/**
 * The body of a webhook: Standard Webhooks' `type`, `timestamp` and `data`. Made of the order as it was
 * with the event, so a repeat is the same to the byte. Who is told for `fulfilment` must know where to
 * send the goods; everybody else learns neither name nor address.
 */
export function webhookBody(
  type: WebhookEvent,
  { order, event }: OrderMoment,
  audience: "merchant" | "fulfilment",
): string {
  const { email: _, shippingAddress: __, ...impersonal } = order;
  const { type: __type, data } = publicEvent(event);
  return JSON.stringify({
    type,
    timestamp: timestamp(event.occurredAtMs),
    data: { order: audience === "fulfilment" ? order : impersonal, event: data },
  });
}
