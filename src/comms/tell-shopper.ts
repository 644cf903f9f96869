import {
  ERASED_EMAIL,
  type OrderEvent,
  type OrderMoment,
  type OrderStatus,
  type OrderView,
  orderAt,
  orderToken,
} from "../orders/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { type EventId, type OrderId, UserId } from "../shared/ids.ts";
import type { ChannelName, MailProvider, PushProvider, SendOutcome, SmsProvider } from "./model.ts";
import type { OrderTemplate } from "./notice.ts";
import { orderLink, orderMail, orderSms } from "./order-mail.ts";
import { orderPush } from "./order-push.ts";
import { tellDevices } from "./push/tell-devices.ts";
import { recordSent, sentChannels } from "./store.ts";

export type Providers = {
  mail: MailProvider;
  sms: SmsProvider | undefined;
  push: PushProvider | undefined;
};
export type TellShopper = {
  template: OrderTemplate;
  orderId: OrderId;
  eventId: EventId;
  sequence: number;
};
/** The channels that told it now, and those whose provider will never take it. */
export type Telling = {
  told: readonly ChannelName[];
  refused: readonly { channel: ChannelName; reason: string }[];
};

/** The states in which a message still says the truth: a cancelled order is not confirmed afterwards. */
const TRUE_IN: Record<OrderTemplate, readonly OrderStatus[]> = {
  "order-confirmation": ["paid", "fulfilled", "refunded"],
  "order-cancellation": ["cancelled"],
  "order-shipped": ["paid", "fulfilled", "refunded"],
  // The mail of a cancellation has said already that the money goes back.
  "order-refunded": ["paid", "fulfilled", "refunded"],
  "return-received": ["paid", "fulfilled", "refunded"],
};

type Sending = { channel: ChannelName; send: (key: string) => Promise<SendOutcome> };

/**
 * Tells a shopper of one event, once per channel that they can be reached by. A crash between a
 * provider's answer and our record repeats the call under the same key, which the provider collapses.
 * Throws `DependencyDown` when a channel cannot say; those that told already stay told.
 */
export async function tellShopper(
  io: Io,
  providers: Providers,
  { template, orderId, eventId, sequence }: TellShopper,
): Promise<Telling> {
  const [moment, before] = await Promise.all([
    orderAt(io, orderId, sequence),
    sentChannels(io.sql, { eventId, template }),
  ]);
  const isNobodys = moment.order.email === ERASED_EMAIL;
  if (isNobodys || !TRUE_IN[template].includes(moment.status)) return { told: [], refused: [] };

  const link = await linkTo(io, orderId);
  const sendings = sendingsOf(providers, template, { ...moment, link });
  const told: ChannelName[] = [];
  const refused: { channel: ChannelName; reason: string }[] = [];
  for (const { channel, send } of sendings.filter((each) => !before.has(each.channel))) {
    const outcome = await send(keyOf(eventId, template, channel));
    if (outcome.kind === "refused") {
      refused.push({ channel, reason: outcome.reason });
      continue;
    }
    const providerMessageId = outcome.messageId;
    const sentAtMs = io.clock.nowMs();
    await recordSent(io.sql, { eventId, template, channel, orderId, providerMessageId, sentAtMs });
    logInfo("comms.sent", { template, channel, orderId, eventId, trace: io.trace });
    told.push(channel);
  }
  const pushed = await pushTo(io, providers, { template, orderId, eventId, sequence }, moment);
  return {
    told: [...told, ...(pushed.told > 0 ? (["push"] as const) : [])],
    refused: [
      ...refused,
      ...pushed.refused.map((reason) => ({ channel: "push", reason }) as const),
    ],
  };
}

/** After the others, whom a device that cannot be told must not hold up. Guests have no devices. */
async function pushTo(
  io: Io,
  { push }: Providers,
  { template, orderId, eventId }: TellShopper,
  { order, event, ownerId }: OrderMoment,
): ReturnType<typeof tellDevices> {
  const owner = UserId.safeParse(ownerId);
  const text = orderPush(template, order, event, io.config.PUBLIC_URL);
  if (!push || !owner.success || !text) return { told: 0, refused: [] };
  const { occurredAtMs } = event;
  const about = { userId: owner.data, eventId, orderId, template, occurredAtMs, text };
  return tellDevices(io, push, about);
}

/** A mail's key is older than the other channels, and stays what it was: a redelivery may meet it. */
const keyOf = (eventId: EventId, template: OrderTemplate, channel: ChannelName): string =>
  channel === "email" ? `${eventId}:${template}` : `${eventId}:${template}:${channel}`;

function sendingsOf(
  { mail, sms }: Providers,
  template: OrderTemplate,
  { order, event, link }: { order: OrderView; event: OrderEvent; link: string },
): Sending[] {
  const letter = orderMail(template, order, link, event);
  const short = orderSms(template, order, event);
  return [
    { channel: "email", send: (key) => mail.send(letter, key) },
    ...(sms && short
      ? [{ channel: "sms", send: (key: string) => sms.send(short, key) } as const]
      : []),
  ];
}

async function linkTo({ config }: Pick<Io, "config">, orderId: OrderId): Promise<string> {
  const token = await orderToken(config.TOKEN_SECRET, orderId);
  return orderLink(config.PUBLIC_URL, orderId, token);
}
