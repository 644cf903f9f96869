import { type MessageApi, postMessage } from "./message-api.ts";
import type { SmsProvider } from "./model.ts";

/**
 * SMS over a gateway that speaks as the mail provider does: `POST /sms` with `{ from, to, text }`. The
 * local sink is one; a hosted provider is reached through an adapter beside this one.
 */
export const openSmsGateway = (api: MessageApi): SmsProvider => ({
  send: (message, idempotencyKey) =>
    postMessage(api, "sms", { path: "/sms", message, idempotencyKey }),
});
