import { z } from "zod";
import type { Money } from "../shared/money.ts";
import { money } from "../shared/money.ts";
import { fromAdyenAmount } from "./adyen-amount.ts";
import { AdyenItem } from "./adyen-standing.ts";
import type { ProcessorName } from "./model.ts";
import { parseJson } from "./sort-reply.ts";

/** What an event is about. What to do follows from asking the processor, never from the event alone. */
export type PaymentNews = {
  processor: ProcessorName;
  eventId: string;
  type: string;
  /** The key of our own request, such as `chk_…:1` or `refund:ord_…`. */
  reference: string | null;
  paymentId: string | null;
  /** The money it says was moved; `null` where it names none. */
  amount: Money | null;
  /** What it tells of, roughly: who is woken up depends on it. `other`: nothing that matters here. */
  kind: "approval" | "refusal" | "movement" | "refund" | "other";
  /** Money that counted as moved was not, or is claimed back: nothing here mends that by itself. */
  isSetback: boolean;
  /** Set when it is about an account that is not this shop's. */
  isForeign: boolean;
};

const StripeEvent = z.object({
  id: z.string().min(1).max(160),
  type: z.string().min(1).max(80),
  /** A connected account's: this shop has none. */
  account: z.string().optional(),
  data: z.object({
    object: z.object({
      id: z.string().max(120).optional(),
      object: z.string().optional(),
      amount: z.int().optional(),
      amount_received: z.int().optional(),
      amount_refunded: z.int().optional(),
      currency: z.string().optional(),
      payment_intent: z.string().max(120).nullish(),
      metadata: z.record(z.string(), z.string()).nullish(),
    }),
  }),
});

type Kinds = Readonly<Record<string, PaymentNews["kind"]>>;
const STRIPE_KINDS: Kinds = {
  "payment_intent.amount_capturable_updated": "approval",
  "payment_intent.payment_failed": "refusal",
  "payment_intent.succeeded": "movement",
  "payment_intent.canceled": "movement",
  "charge.refunded": "refund",
  "charge.dispute.created": "refund",
  "refund.failed": "refund",
};
const STRIPE_SETBACKS = new Set(["charge.dispute.created", "refund.failed"]);

/** Reads one event of Stripe's; `undefined` when it is none. */
export function readStripeEvent(body: string): PaymentNews | undefined {
  const { data: event } = StripeEvent.safeParse(parseJson(body));
  if (!event) return undefined;
  const { object } = event.data;
  const isIntent = object.object === "payment_intent";
  const value = event.type === "charge.refunded" ? object.amount_refunded : object.amount;
  const reference = object.metadata?.attempt_key;
  return {
    processor: "stripe",
    eventId: event.id,
    type: event.type,
    reference: reference !== undefined && reference.length <= 120 ? reference : null,
    paymentId: (isIntent ? object.id : object.payment_intent) ?? null,
    amount:
      value !== undefined && object.currency ? money(value, object.currency.toUpperCase()) : null,
    kind: STRIPE_KINDS[event.type] ?? "other",
    isSetback: STRIPE_SETBACKS.has(event.type),
    isForeign: event.account !== undefined,
  };
}

const ADYEN_SETBACKS = new Set(["CAPTURE_FAILED", "REFUND_FAILED", "CHARGEBACK"]);
/** What was accepted when it was asked for, and may be refused afterwards. */
const MOVES = new Set(["CAPTURE", "REFUND"]);
const ADYEN_KINDS: Kinds = {
  AUTHORISATION: "approval",
  TECHNICAL_CANCEL: "refusal",
  CAPTURE: "movement",
  CAPTURE_FAILED: "movement",
  CANCELLATION: "movement",
  REFUND: "refund",
  REFUND_FAILED: "refund",
  CHARGEBACK: "refund",
};

export function adyenNews(item: AdyenItem, merchantAccount: string): PaymentNews {
  const { pspReference, eventCode, success, merchantReference, originalReference } = item;
  const kind = ADYEN_KINDS[eventCode] ?? "other";
  return {
    processor: "adyen",
    // As Adyen says: two notifications with the same of these are the same.
    eventId: `${pspReference}:${eventCode}:${success}`,
    type: eventCode,
    reference: merchantReference === "" ? null : merchantReference,
    paymentId: originalReference ?? pspReference,
    amount: item.amount.currency === "" ? null : (fromAdyenAmount(item.amount) ?? null),
    kind: kind === "approval" && success === "false" ? "refusal" : kind,
    isSetback: ADYEN_SETBACKS.has(eventCode) || (MOVES.has(eventCode) && success === "false"),
    isForeign: item.merchantAccountCode !== merchantAccount,
  };
}

export const readAdyenItem = (body: string): AdyenItem | undefined =>
  AdyenItem.safeParse(parseJson(body)).data;
