import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { Notice, SignedWebhook } from "../webhooks.ts";
import type { Payment } from "./payment.ts";

/** One item of Adyen's standard webhook, without its signature. */
export type Item = {
  amount: { currency: string; value: number };
  eventCode: string;
  eventDate: string;
  merchantAccountCode: string;
  merchantReference: string;
  originalReference?: string;
  pspReference: string;
  reason: string;
  success: "true" | "false";
};

export const noticeOf = (item: Item): Notice => ({
  id: `${item.pspReference}:${item.eventCode}:${item.success}`,
  body: JSON.stringify(item),
});

/** Signs the fields that Adyen signs, in its order, with a key given as hex. */
export function signItem(hmacKey: string, item: Item): string {
  const signed = [
    item.pspReference,
    item.originalReference ?? "",
    item.merchantAccountCode,
    item.merchantReference,
    item.amount.value,
    item.amount.currency,
    item.eventCode,
    item.success,
  ].join(":");
  return createHmac("sha256", Buffer.from(hmacKey, "hex")).update(signed).digest("base64");
}

export function signNotice(hmacKey: string, { body }: Notice): SignedWebhook {
  const item = JSON.parse(body) as Item;
  const additionalData = { hmacSignature: signItem(hmacKey, item) };
  const envelope = {
    live: "false",
    notificationItems: [{ NotificationRequestItem: { ...item, additionalData } }],
  };
  return { body: JSON.stringify(envelope), headers: { "Content-Type": "application/json" } };
}

type Told = { merchantAccount: string; nowMs: number };

export const authorisationItem = (payment: Payment, { merchantAccount, nowMs }: Told): Item => ({
  amount: { currency: payment.currency, value: payment.amount },
  eventCode: "AUTHORISATION",
  eventDate: new Date(nowMs).toISOString(),
  merchantAccountCode: merchantAccount,
  merchantReference: payment.reference,
  pspReference: payment.pspReference,
  reason: payment.refusal?.reason ?? "",
  success: payment.refusal ? "false" : "true",
});
