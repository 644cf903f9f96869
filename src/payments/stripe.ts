import { DependencyDown } from "../platform/dependency.ts";
import { logError } from "../platform/telemetry/log.ts";
import { money } from "../shared/money.ts";
import {
  type AuthorizeOutcome,
  type AuthorizeRequest,
  type CaptureOutcome,
  type FoundPayment,
  type PaymentProcessor,
  PING_MS_MAX,
  type RefundOutcome,
  type VoidOutcome,
} from "./model.ts";
import { isSignOfLife } from "./sort-reply.ts";
import {
  type Intent,
  readIntent,
  readIntents,
  readRefund,
  type StripeCall,
  type StripeOptions,
  type StripeReply,
  stripeClient,
} from "./stripe-client.ts";

/** Stripe's PaymentIntents: authorized with `capture_method=manual`, captured once the order exists. */
export function openStripe(options: StripeOptions): PaymentProcessor {
  const call = stripeClient(options);
  return {
    name: "stripe",
    authorize: (request) => authorize(call, request),
    capture: (request) => capture(call, request),
    void: (request) => voidIntent(call, request),
    refund: (request) => refund(call, request),
    find: (key) => find(call, key),
    ping: () =>
      ping(stripeClient({ ...options, timeoutMs: Math.min(options.timeoutMs, PING_MS_MAX) })),
  };
}

async function authorize(call: StripeCall, request: AuthorizeRequest): Promise<AuthorizeOutcome> {
  const { key, checkoutId, orderId, amount, token } = request;
  const fields = {
    amount: String(amount.amount),
    currency: amount.currency.toLowerCase(),
    capture_method: "manual",
    confirm: "true",
    payment_method: token,
    "payment_method_types[]": "card",
    "metadata[checkout_id]": checkoutId,
    "metadata[order_id]": orderId,
    "metadata[attempt_key]": key,
  };
  const reply = await call("POST", "/v1/payment_intents", fields, key);
  switch (reply.kind) {
    case "unsent":
      return { kind: "not_executed", reason: reply.reason };
    case "lost":
      return { kind: "unknown", reason: reply.reason };
    case "error":
      return refusal(reply);
    case "success":
      return approval(call, request, readIntent(reply.body));
  }
}

async function approval(
  call: StripeCall,
  request: AuthorizeRequest,
  intent: Intent | undefined,
): Promise<AuthorizeOutcome> {
  if (!intent) return { kind: "unknown", reason: "unreadable answer" };
  if (intent.status === "requires_capture") {
    return { kind: "approved", paymentId: intent.id, amount: amountOf(intent) };
  }
  if (intent.status !== "requires_action" && intent.status !== "requires_payment_method") {
    return { kind: "unknown", reason: `status ${intent.status}` };
  }
  // The issuer wants the shopper to act at the bank. This API has no such step, so the open intent
  // must not stay behind.
  const closed = await voidIntent(call, { paymentId: intent.id, key: `${request.key}:close` });
  return closed.kind === "voided"
    ? { kind: "declined", reason: "authentication_required" }
    : { kind: "unknown", reason: "could not close an intent that needs action" };
}

function refusal({ status, error }: Extract<StripeReply, { kind: "error" }>): AuthorizeOutcome {
  if (status === 402 || error.type === "card_error") {
    return { kind: "declined", reason: error.decline_code ?? error.code ?? "declined" };
  }
  if (error.param === "payment_method") {
    return { kind: "declined", reason: "invalid_payment_method" };
  }
  logError("payment.refused", new Error(`${error.type} ${error.code ?? ""}`), { status });
  return { kind: "not_executed", reason: error.code ?? error.type };
}

async function capture(
  call: StripeCall,
  { paymentId, amount, key }: Parameters<PaymentProcessor["capture"]>[0],
): Promise<CaptureOutcome> {
  const fields = { amount_to_capture: String(amount.amount) };
  const path = `/v1/payment_intents/${encodeURIComponent(paymentId)}/capture`;
  const reply = await call("POST", path, fields, key);
  const intent = reply.kind === "success" ? readIntent(reply.body) : await present(call, paymentId);
  if (intent?.status === "succeeded") return { kind: "captured", paymentId };
  if (intent?.status === "canceled") return { kind: "voided" };
  return { kind: "unknown", reason: reasonOf(reply) };
}

async function voidIntent(
  call: StripeCall,
  { paymentId, key }: Parameters<PaymentProcessor["void"]>[0],
): Promise<VoidOutcome> {
  const path = `/v1/payment_intents/${encodeURIComponent(paymentId)}/cancel`;
  const reply = await call("POST", path, {}, key);
  const intent = reply.kind === "success" ? readIntent(reply.body) : await present(call, paymentId);
  if (intent?.status === "canceled") return { kind: "voided" };
  if (intent?.status === "succeeded") return { kind: "captured" };
  return { kind: "unknown", reason: reasonOf(reply) };
}

async function refund(
  call: StripeCall,
  { paymentId, amount, key }: Parameters<PaymentProcessor["refund"]>[0],
): Promise<RefundOutcome> {
  const fields = { payment_intent: paymentId, amount: String(amount.amount) };
  const reply = await call("POST", "/v1/refunds", fields, key);
  if (reply.kind === "error") {
    return { kind: "refused", reason: reply.error.code ?? reply.error.type };
  }
  const made = reply.kind === "success" ? readRefund(reply.body) : undefined;
  if (!made) return { kind: "unknown", reason: reasonOf(reply) };
  return ["failed", "canceled"].includes(made.status)
    ? { kind: "refused", reason: made.status }
    : { kind: "refunded", refundId: made.id };
}

/**
 * After a refusal or a lost answer the intent itself says where it stands: an intent is captured or
 * canceled at most once, under whatever key.
 */
async function present(call: StripeCall, paymentId: string): Promise<Intent | undefined> {
  const reply = await call("GET", `/v1/payment_intents/${encodeURIComponent(paymentId)}`, {});
  return reply.kind === "success" ? readIntent(reply.body) : undefined;
}

async function find(call: StripeCall, key: string): Promise<FoundPayment> {
  const query = `metadata['attempt_key']:'${key}'`;
  const reply = await call("GET", "/v1/payment_intents/search", { query });
  const intents = reply.kind === "success" ? readIntents(reply.body) : undefined;
  if (!intents) throw new DependencyDown("stripe", new Error(reasonOf(reply)));
  const [intent] = intents;
  if (!intent) return { kind: "none" };
  switch (intent.status) {
    case "requires_capture":
      return { kind: "approved", paymentId: intent.id, amount: amountOf(intent) };
    case "succeeded":
      return { kind: "captured", paymentId: intent.id, amount: amountOf(intent) };
    case "canceled":
      return { kind: "voided", paymentId: intent.id };
    case "processing":
      throw new DependencyDown("stripe", new Error("the payment is still being processed"));
    default:
      return { kind: "declined", reason: intent.status };
  }
}

/** A question that changes nothing; unlike a search, one of which many may be asked. */
async function ping(call: StripeCall): Promise<boolean> {
  return isSignOfLife(await call("GET", "/v1/payment_intents", { limit: "1" }));
}

const amountOf = ({ amount, currency }: Intent) => money(amount, currency.toUpperCase());

const reasonOf = (reply: StripeReply): string => {
  if (reply.kind === "error") return reply.error.code ?? reply.error.type;
  return reply.kind === "success" ? "unreadable answer" : reply.reason;
};
