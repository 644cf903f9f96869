import { z } from "zod";
import type { Config } from "../../platform/config/config.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { AdyenItem } from "../adyen-standing.ts";
import type { StoredEvent } from "../event-store.ts";
import type { ProcessorName } from "../model.ts";
import { adyenNews, readStripeEvent } from "../news.ts";
import { parseJson } from "../sort-reply.ts";
import { isSignedByAdyen } from "./adyen-signature.ts";
import { isSignedByStripe, type SignedBody } from "./stripe-signature.ts";

/** `unsigned`: nothing in it can be believed. `unreadable`: it is genuine, and no event we know. */
export type WebhookRefusal = { code: "unsigned" } | { code: "unreadable" };
export type WebhookRead = Result<StoredEvent[], WebhookRefusal>;
type Secrets = Pick<Config, "STRIPE_WEBHOOK_SECRETS" | "ADYEN">;

const ITEMS_MAX = 100;
const AdyenEnvelope = z.object({
  notificationItems: z
    .array(z.object({ NotificationRequestItem: AdyenItem }))
    .min(1)
    .max(ITEMS_MAX),
});

/** The events of a webhook, if the processor sent it: nothing is read before that is known. */
export function readWebhook(
  processor: ProcessorName,
  signed: SignedBody,
  secrets: Secrets,
  nowMs: number,
): Promise<WebhookRead> {
  return processor === "stripe"
    ? readStripe(signed, secrets.STRIPE_WEBHOOK_SECRETS, nowMs)
    : readAdyen(signed.body, secrets.ADYEN);
}

async function readStripe(
  signed: SignedBody,
  secrets: readonly string[],
  nowMs: number,
): Promise<WebhookRead> {
  if (!(await isSignedByStripe(signed, secrets, nowMs))) return err({ code: "unsigned" });
  const body = new TextDecoder().decode(signed.body);
  const news = readStripeEvent(body);
  return news ? ok([{ news, body }]) : err({ code: "unreadable" });
}

/**
 * Adyen's signature stands inside the body and covers fields, not bytes: the shape has to be read first.
 * One item that is not signed refuses the whole: half a webhook is not what was sent.
 */
async function readAdyen(
  body: Uint8Array<ArrayBuffer>,
  adyen: Config["ADYEN"],
): Promise<WebhookRead> {
  const envelope = AdyenEnvelope.safeParse(parseJson(new TextDecoder().decode(body)));
  if (!adyen || !envelope.success) return err({ code: "unsigned" });
  const events: StoredEvent[] = [];
  for (const { NotificationRequestItem: item } of envelope.data.notificationItems) {
    if (!(await isSignedByAdyen(item, adyen.hmacKeys))) return err({ code: "unsigned" });
    events.push({ news: adyenNews(item, adyen.merchantAccount), body: JSON.stringify(item) });
  }
  return ok(events);
}
