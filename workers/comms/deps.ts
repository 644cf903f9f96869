import { CART_ABANDONED } from "../../src/cart/index.ts";
import {
  deliverWebhook,
  fanOutWebhooks,
  type OrderTemplate,
  openFcm,
  openResend,
  openSmsGateway,
  type Providers,
  recordAbandonment,
  tellAccount,
  tellShopper,
  WEBHOOK_DUE,
} from "../../src/comms/index.ts";
import { ACCOUNT_MAIL_DUE } from "../../src/identity/index.ts";
import { keepDeadLetter } from "../../src/operations/keep-dead-letter.ts";
import type { ConsumerWiring, OrderWake } from "../../src/orders/consume-order-messages.ts";
import { settleEvent } from "../../src/orders/outbox.ts";
import { type Io, openIo } from "../../src/platform/io/io.ts";
import type { Envelope } from "../../src/platform/queues/envelope.ts";

export type CommsEnv = { COMMS_QUEUE: Queue };

export function commsDeps(env: CommsEnv, queue: string): ConsumerWiring {
  const setAside = (io: Io, message: Envelope, reason: string) =>
    keepDeadLetter(io, { queue, messageId: message.id, body: message, reason });
  /** Merchants first: their messages are only sent on, and must not wait for a mail provider. */
  const tell = (template?: OrderTemplate) => async (wake: OrderWake) => {
    const io = openIo(env, wake.trace);
    await fanOutWebhooks(io, env.COMMS_QUEUE, wake);
    if (template === undefined) return;
    const { orderId, eventId, sequence, message } = wake;
    const about = { template, orderId, eventId, sequence };
    const { refused } = await tellShopper(io, providersOf(io), about);
    const reasons = refused.map(({ channel, reason }) => `${template} by ${channel}: ${reason}`);
    if (reasons.length > 0) await setAside(io, message, reasons.join("; "));
  };
  return {
    handlers: {
      "payment.captured.v1": tell("order-confirmation"),
      "order.cancelled.v1": tell("order-cancellation"),
      "order.shipped.v1": tell("order-shipped"),
      "payment.refunded.v1": tell("order-refunded"),
      "voucher.credited.v1": tell("order-refunded"),
      "return.requested.v1": tell(),
      "return.received.v1": tell("return-received"),
      "return.refused.v1": tell(),
    },
    others: {
      [CART_ABANDONED]: async (event) => {
        const io = openIo(env, event.trace);
        const result = await recordAbandonment(io, event);
        if (result.kind === "malformed") await setAside(io, event, result.reason);
      },
      [ACCOUNT_MAIL_DUE]: async (event) => {
        const io = openIo(env, event.trace);
        const result = await tellAccount(io, providersOf(io).mail, event);
        if (result.kind !== "done") await setAside(io, event, result.reason);
      },
      [WEBHOOK_DUE]: async (event) => {
        const io = openIo(env, event.trace);
        const result = await deliverWebhook(io, event);
        if (result.kind === "malformed") await setAside(io, event, result.reason);
      },
    },
    settle: ({ eventId, trace }) => settleEvent(openIo(env, trace).sql, eventId, "COMMS_QUEUE"),
    park: (letter) => keepDeadLetter(openIo(env, letter.messageId), letter),
  };
}

function providersOf({ config, meter, clock }: Io): Providers {
  const timeoutMs = config.DEPENDENCY_TIMEOUT_MS;
  const { MAIL_URL, MAIL_KEY, MAIL_FROM, SMS_URL, SMS_KEY, SMS_FROM, PUSH } = config;
  return {
    mail: openResend({ url: MAIL_URL, key: MAIL_KEY, from: MAIL_FROM, timeoutMs, meter }),
    sms:
      SMS_URL === "off"
        ? undefined
        : openSmsGateway({ url: SMS_URL, key: SMS_KEY, from: SMS_FROM, timeoutMs, meter }),
    push: PUSH && openFcm({ ...PUSH, timeoutMs, meter, clock }),
  };
}
