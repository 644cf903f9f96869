import type { OrderEvent, OrderView } from "../orders/index.ts";
import type { Push } from "./model.ts";
import { noticeOf, type OrderTemplate } from "./notice.ts";

/** A notification but for the device that it is for. */
export type PushText = Omit<Push, "token">;

/**
 * The notification of an event; undefined where there is none. Its link is without the order's token: a
 * notification passes through other hands than a mail, and its reader is signed in.
 */
export function orderPush(
  template: OrderTemplate,
  order: OrderView,
  event: OrderEvent,
  publicUrl: string,
): PushText | undefined {
  const { subject, glance } = noticeOf(template, order, event);
  if (glance === undefined) return undefined;
  return {
    title: subject,
    body: glance,
    link: `${publicUrl.replace(/\/$/, "")}/order/${order.id}`,
    replaces: event.eventId,
    tags: [
      { name: "order", value: order.id },
      { name: "template", value: template },
    ],
  };
}
