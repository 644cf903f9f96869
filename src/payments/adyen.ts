import { DependencyDown } from "../platform/dependency.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { Clock } from "../shared/clock.ts";
import { adyenAmount, fromAdyenAmount } from "./adyen-amount.ts";
import {
  type AdyenCall,
  type AdyenConnection,
  type AdyenReply,
  adyenClient,
  readPaymentResult,
} from "./adyen-client.ts";
import { paymentMethodOf } from "./adyen-method.ts";
import { type AdyenItem, captureRefused, refundUnder, standingOf } from "./adyen-standing.ts";
import {
  type AuthorizeOutcome,
  type AuthorizeRequest,
  type CaptureOutcome,
  type FindHints,
  type FoundPayment,
  type PaymentProcessor,
  PING_MS_MAX,
  type RefundOutcome,
  type VoidOutcome,
} from "./model.ts";
import { isSignOfLife } from "./sort-reply.ts";

/** What Adyen has told by webhook, verified: the only place where its results can be read. */
export type AdyenNotifications = {
  byReference(reference: string): Promise<AdyenItem[]>;
  byPayment(paymentId: string): Promise<AdyenItem[]>;
};

export type AdyenOptions = AdyenConnection & {
  notifications: AdyenNotifications;
  clock: Clock;
  /** How long after sending a lost request may still be repeated, and from twice that, be cancelled. */
  settleMs: number;
};

type Adyen = Omit<AdyenOptions, keyof AdyenConnection> & {
  merchantAccount: string;
  call: AdyenCall;
};

/**
 * Adyen's Checkout API with manual capture. A payment's own answer says whether it is authorized;
 * captures, cancels and refunds are only acknowledged, and what became of them is told by webhook.
 */
export function openAdyen(options: AdyenOptions): PaymentProcessor {
  const adyen: Adyen = { ...options, call: adyenClient(options) };
  return {
    name: "adyen",
    authorize: (request) => authorize(adyen, request),
    capture: (request) => capture(adyen, request),
    void: (request) => cancel(adyen, request),
    refund: (request) => refund(adyen, request),
    find: (key, hints) => find(adyen, key, hints),
    ping: () =>
      ping(adyenClient({ ...options, timeoutMs: Math.min(options.timeoutMs, PING_MS_MAX) }), adyen),
  };
}

async function authorize(adyen: Adyen, request: AuthorizeRequest): Promise<AuthorizeOutcome> {
  const { key, checkoutId, orderId, amount, token } = request;
  const paymentMethod = paymentMethodOf(token);
  if (!paymentMethod) return { kind: "declined", reason: "invalid_payment_method" };
  const body = {
    merchantAccount: adyen.merchantAccount,
    amount: adyenAmount(amount),
    // Comes back in every notification about this payment: that is how `find` knows it.
    reference: key,
    paymentMethod,
    shopperReference: checkoutId,
    shopperInteraction: "Ecommerce",
    additionalData: { manualCapture: "true" },
    metadata: { checkout_id: checkoutId, order_id: orderId },
  };
  const reply = await adyen.call("/payments", body, key);
  switch (reply.kind) {
    case "unsent":
      return { kind: "not_executed", reason: reply.reason };
    case "lost":
      return { kind: "unknown", reason: reply.reason };
    case "error":
      return refusal(reply);
    case "success":
      return outcomeOf(reply.body);
  }
}

/** Not authorized, and final: the shopper may pay again, as another attempt. */
const ENDED = new Set(["Refused", "Error", "Cancelled"]);
/** The issuer wants the shopper to act. This API has no such step, so it never becomes a payment. */
const WANTS_SHOPPER = new Set(["RedirectShopper", "IdentifyShopper", "ChallengeShopper"]);

function outcomeOf(body: unknown): AuthorizeOutcome {
  const result = readPaymentResult(body);
  if (!result) return { kind: "unknown", reason: "unreadable answer" };
  const { resultCode, pspReference, refusalReason } = result;
  if (ENDED.has(resultCode)) return { kind: "declined", reason: refusalReason ?? resultCode };
  if (WANTS_SHOPPER.has(resultCode)) return { kind: "declined", reason: "authentication_required" };
  const amount = result.amount && fromAdyenAmount(result.amount);
  return resultCode === "Authorised" && pspReference && amount
    ? { kind: "approved", paymentId: pspReference, amount }
    : { kind: "unknown", reason: `result ${resultCode}` };
}

function refusal({ error }: Extract<AdyenReply, { kind: "error" }>): AuthorizeOutcome {
  const reason = `${error.errorType ?? "error"} ${error.errorCode ?? error.status}`;
  logError("payment.refused", new Error(reason), { status: error.status });
  return { kind: "not_executed", reason };
}

/**
 * Adyen cannot be asked for a payment by our reference. What there is instead, in this order:
 * 1. its notifications, which are its own signed word;
 * 2. while the shopper's token is at hand, the very same request again: under its idempotency key it
 *    is answered as the first time, and executed at most once;
 * 3. when both are gone, a technical cancel by our reference. Adyen tells whether it found a payment,
 *    and if so has voided it: only then is "none" a fact. A late approval is given up for certainty.
 * Repeating and cancelling are kept apart in time, so that no repeat can revive what was cancelled.
 */
async function find(adyen: Adyen, key: string, hints: FindHints = {}): Promise<FoundPayment> {
  const told = await findTold(adyen, key);
  if (told) return told;
  const { request, sentAtMs } = hints;
  const ageMs = sentAtMs === undefined ? 0 : adyen.clock.nowMs() - sentAtMs;
  if (request && ageMs < adyen.settleMs) {
    const repeated = await authorize(adyen, request);
    if (repeated.kind === "approved" || repeated.kind === "declined") return repeated;
    // "Not executed" is true of the repeat only: the first request may have been.
    throw new DependencyDown("adyen", new Error(`repeated: ${repeated.reason}`));
  }
  if (ageMs >= 2 * adyen.settleMs && sentAtMs !== undefined) await technicalCancel(adyen, key);
  throw new DependencyDown("adyen", new Error("its notification has not come yet"));
}

async function findTold(adyen: Adyen, key: string): Promise<FoundPayment | undefined> {
  const standing = standingOf(await adyen.notifications.byReference(key));
  const { authorised, refused, isVoided, isMissing } = standing;
  if (authorised) {
    const { paymentId, amount } = authorised;
    const now = standingOf(await adyen.notifications.byPayment(paymentId));
    if (now.isCaptured) return { kind: "captured", paymentId, amount };
    if (now.isVoided || isVoided) return { kind: "voided", paymentId };
    return { kind: "approved", paymentId, amount };
  }
  if (refused !== undefined) return { kind: "declined", reason: refused };
  if (isVoided) return { kind: "voided", paymentId: key };
  return isMissing ? { kind: "none" } : undefined;
}

async function technicalCancel(adyen: Adyen, key: string): Promise<void> {
  const { merchantAccount } = adyen;
  const body = { merchantAccount, paymentReference: key, reference: key };
  const reply = await adyen.call("/cancels", body, `${key}:cancel`);
  if (reply.kind !== "success") {
    throw new DependencyDown("adyen", new Error(`technical cancel: ${reasonOf(reply)}`));
  }
}

async function capture(
  adyen: Adyen,
  { paymentId, amount, key }: Parameters<PaymentProcessor["capture"]>[0],
): Promise<CaptureOutcome> {
  const wanted = adyenAmount(amount);
  const told = await adyen.notifications.byPayment(paymentId);
  // A capture of other money is not the one that was asked for: a person is told of it.
  const { isCaptured, isVoided } = standingOf(
    told.filter(({ eventCode, amount: { value, currency } }) => {
      const isSame = value === wanted.value && currency === wanted.currency;
      return eventCode !== "CAPTURE" || isSame;
    }),
  );
  if (isCaptured) return { kind: "captured", paymentId };
  if (isVoided) return { kind: "voided" };
  const refused = captureRefused(told, key);
  if (refused !== undefined) return { kind: "refused", reason: refused };
  return modify(adyen, paymentId, "captures", { amount: wanted }, key);
}

async function cancel(
  adyen: Adyen,
  { paymentId, key }: Parameters<PaymentProcessor["void"]>[0],
): Promise<VoidOutcome> {
  const { isCaptured, isVoided } = standingOf(await adyen.notifications.byPayment(paymentId));
  if (isCaptured) return { kind: "captured" };
  if (isVoided) return { kind: "voided" };
  const asked = await modify(adyen, paymentId, "cancels", {}, key);
  const reason = asked.kind === "unknown" ? asked.reason : "accepted, its result is to be notified";
  return { kind: "unknown", reason };
}

async function refund(
  adyen: Adyen,
  { paymentId, amount, key }: Parameters<PaymentProcessor["refund"]>[0],
): Promise<RefundOutcome> {
  const made = refundUnder(await adyen.notifications.byPayment(paymentId), key);
  if (made?.isPaid) return { kind: "refunded", refundId: made.refundId };
  if (made) return { kind: "refused", reason: made.reason };
  return modify(adyen, paymentId, "refunds", { amount: adyenAmount(amount) }, key);
}

/** Which payment methods there are is a question that changes nothing. */
async function ping(call: AdyenCall, { merchantAccount }: Adyen): Promise<boolean> {
  return isSignOfLife(await call("/paymentMethods", { merchantAccount }));
}

/** Asks for a change of a payment; whether it came about is told later. */
async function modify(
  { call, merchantAccount }: Adyen,
  paymentId: string,
  change: "captures" | "cancels" | "refunds",
  body: object,
  key: string,
): Promise<{ kind: "accepted" } | { kind: "unknown"; reason: string }> {
  const path = `/payments/${encodeURIComponent(paymentId)}/${change}`;
  const reply = await call(path, { merchantAccount, reference: key, ...body }, key);
  if (reply.kind === "success") return { kind: "accepted" };
  return { kind: "unknown", reason: reasonOf(reply) };
}

const reasonOf = (reply: AdyenReply): string => {
  if (reply.kind === "error") return `error ${reply.error.errorCode ?? reply.error.status}`;
  return reply.kind === "success" ? "unreadable answer" : reply.reason;
};
