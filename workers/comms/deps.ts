import { CART_ABANDONED } from "../../src/cart/index.ts";
import {
  openResend,
  recordAbandonment,
  type SendOrderMail,
  sendOrderMail,
} from "../../src/comms/index.ts";
import { keepDeadLetter } from "../../src/operations/keep-dead-letter.ts";
import type { ConsumerWiring, OrderWake } from "../../src/orders/consume-order-messages.ts";
import { settleEvent } from "../../src/orders/outbox.ts";
import { type Io, openIo } from "../../src/platform/io/io.ts";

export function commsDeps(env: object, queue: string): ConsumerWiring {
  const tell =
    (template: SendOrderMail["template"]) =>
    async ({ orderId, eventId, trace }: OrderWake) => {
      const io = openIo(env, trace);
      const result = await sendOrderMail(io, mailProvider(io), { template, orderId, eventId });
      if (result.kind !== "refused") return;
      const body = { orderId, eventId, template };
      await keepDeadLetter(io, { queue, messageId: eventId, body, reason: result.reason });
    };
  return {
    handlers: {
      "payment.captured.v1": tell("order-confirmation"),
      "order.cancelled.v1": tell("order-cancellation"),
    },
    others: {
      [CART_ABANDONED]: async (event) => {
        const io = openIo(env, event.trace);
        const result = await recordAbandonment(io, event);
        if (result.kind === "recorded") return;
        await keepDeadLetter(io, {
          queue,
          messageId: event.id,
          body: event,
          reason: result.reason,
        });
      },
    },
    settle: ({ eventId, trace }) => settleEvent(openIo(env, trace).sql, eventId, "COMMS_QUEUE"),
    park: (letter) => keepDeadLetter(openIo(env, letter.messageId), letter),
  };
}

const mailProvider = ({ config, meter }: Io) =>
  openResend({
    url: config.MAIL_URL,
    key: config.MAIL_KEY,
    from: config.MAIL_FROM,
    timeoutMs: config.DEPENDENCY_TIMEOUT_MS,
    meter,
  });
