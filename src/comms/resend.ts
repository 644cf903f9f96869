import { type MessageApi, postMessage } from "./message-api.ts";
import type { MailProvider } from "./model.ts";

/** Mail over the HTTP API of Resend: `POST /emails` with an `Idempotency-Key`, remembered for a day. */
export const openResend = (api: MessageApi): MailProvider => ({
  send: (message, idempotencyKey) =>
    postMessage(api, "mail", { path: "/emails", message, idempotencyKey }),
});
