import { createHmac } from "node:crypto";
import type { LedgerDraft } from "../ledger.ts";
import type { Notice, SignedWebhook } from "../webhooks.ts";
import { chargeJson, type Payment, paymentJson, seconds } from "./payment.ts";

/** What is told of each movement; a refused change of a payment is told in the answer alone. */
const TYPES: Readonly<Record<LedgerDraft["kind"], string>> = {
  authorize: "payment_intent.amount_capturable_updated",
  decline: "payment_intent.payment_failed",
  capture: "payment_intent.succeeded",
  void: "payment_intent.canceled",
  refund: "charge.refunded",
};

type Told = { id: string; kind: LedgerDraft["kind"]; payment: Payment; nowMs: number };

/** An event in the shape of Stripe's API. */
export function noticeOf({ id, kind, payment, nowMs }: Told): Notice {
  const event = {
    id,
    object: "event",
    api_version: "2024-06-20",
    created: seconds(nowMs),
    data: { object: kind === "refund" ? chargeJson(payment) : paymentJson(payment) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: TYPES[kind],
  };
  return { id, body: JSON.stringify(event) };
}

/** Signs as Stripe does: HMAC-SHA-256 over the time in seconds, a dot, and the body. */
export function signNotice(secret: string, { body }: Notice, nowMs: number): SignedWebhook {
  const time = seconds(nowMs);
  const v1 = createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
  const headers = { "Content-Type": "application/json", "Stripe-Signature": `t=${time},v1=${v1}` };
  return { body, headers };
}
