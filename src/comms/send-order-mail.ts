import {
  getOrder,
  type OrderState,
  type OrderStatus,
  orderToken,
  orderView,
} from "../orders/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import type { EventId, OrderId } from "../shared/ids.ts";
import type { MailProvider } from "./model.ts";
import { type OrderTemplate, orderLink, orderMail } from "./order-mail.ts";
import { recordSent, wasSent } from "./store.ts";

export type SendOrderMail = { template: OrderTemplate; orderId: OrderId; eventId: EventId };
export type SendResult =
  | { kind: "sent" | "sent_before" | "out_of_date" }
  | { kind: "refused"; reason: string };

/** The states in which a message still says the truth: a cancelled order is not confirmed afterwards. */
const TRUE_IN: Record<OrderTemplate, readonly OrderStatus[]> = {
  "order-confirmation": ["paid", "fulfilled"],
  "order-cancellation": ["cancelled"],
};

/**
 * Tells a shopper about an order, once per event. A crash between the provider's answer and our
 * record repeats the call under the same key, which the provider collapses.
 */
export async function sendOrderMail(
  io: Io,
  provider: MailProvider,
  { template, orderId, eventId }: SendOrderMail,
): Promise<SendResult> {
  const key = { eventId, template, channel: "email" } as const;
  const [order, sentBefore] = await Promise.all([getOrder(io, orderId), wasSent(io.sql, key)]);
  if (sentBefore) return { kind: "sent_before" };
  if (!TRUE_IN[template].includes(order.status)) return { kind: "out_of_date" };

  const mail = orderMail(template, orderView(order), await linkTo(io, order));
  const outcome = await provider.send(mail, `${eventId}:${template}`);
  if (outcome.kind === "refused") return outcome;
  const providerMessageId = outcome.messageId;
  await recordSent(io.sql, { ...key, orderId, providerMessageId, sentAtMs: io.clock.nowMs() });
  logInfo("comms.sent", { template, orderId, eventId, trace: io.trace });
  return { kind: "sent" };
}

async function linkTo({ config }: Pick<Io, "config">, order: OrderState): Promise<string> {
  const token = await orderToken(config.TOKEN_SECRET, order.id);
  return orderLink(config.PUBLIC_URL, order.id, token);
}
