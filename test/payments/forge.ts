import { env } from "cloudflare:workers";
import type { AdyenItem } from "../../src/payments/adyen-standing.ts";
import { fromHex, utf8 } from "../../src/payments/webhooks/hmac.ts";

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
}

/** A webhook that Adyen might have sent: whatever it says, it is signed with the shop's own key. */
export async function adyenWebhook(about: Partial<AdyenItem>) {
  const item: AdyenItem = {
    amount: { currency: "USD", value: 1_999 },
    eventCode: "AUTHORISATION",
    eventDate: new Date().toISOString(),
    merchantAccountCode: String(env.ADYEN_MERCHANT),
    merchantReference: "",
    pspReference: `T${crypto.randomUUID().slice(0, 15)}`,
    reason: "",
    success: "true",
    ...about,
  };
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
  const mac = await hmac(fromHex(String(env.ADYEN_HMAC_KEYS))!, signed);
  const additionalData = { hmacSignature: btoa(String.fromCharCode(...mac)) };
  const NotificationRequestItem = { ...item, additionalData };
  const body = JSON.stringify({ live: "false", notificationItems: [{ NotificationRequestItem }] });
  const eventId = `${item.pspReference}:${item.eventCode}:${item.success}`;
  return { eventId, body, headers: { "Content-Type": "application/json" } };
}

/** The same for Stripe, at any time. */
export async function stripeWebhook(event: object, atMs = Date.now()) {
  const body = JSON.stringify(event);
  const time = Math.floor(atMs / 1000);
  const mac = await hmac(utf8(String(env.STRIPE_WEBHOOK_SECRETS)), `${time}.${body}`);
  const v1 = Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const headers = { "Content-Type": "application/json", "Stripe-Signature": `t=${time},v1=${v1}` };
  return { body, headers };
}
