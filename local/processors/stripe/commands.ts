import type { StripeForm } from "./form.ts";
import type { Outcome, Payment } from "./payment.ts";
import { cancel, capture, confirm, paymentJson, refund } from "./payment.ts";
import { refundJson } from "./queries.ts";
import type { Refund, StripeStore } from "./store.ts";
import { invalidParam, noSuch } from "./stripe-error.ts";

export type CommandDeps = { store: StripeStore; newId(prefix: string): string; nowMs(): number };

/** A command whose request was found to be well-formed; running it is what has effects. */
export type Command = { token: string | null; run(): CommandResult };
export type CommandResult = { outcome: Outcome; refund?: Refund; json: object };

const TOKENS = [
  "tok_ok",
  "tok_declined",
  "tok_insufficient_funds",
  "tok_error_before",
  "tok_timeout_after",
  "tok_refused_connection",
];

/**
 * Reads a POST request; `undefined` for a path that is no command.
 * @throws StripeError for a parameter that is missing or wrong: nothing has happened then.
 */
export function readCommand(
  deps: CommandDeps,
  path: string,
  form: StripeForm,
): Command | undefined {
  if (path === "/v1/payment_intents") return readCreate(deps, form);
  if (path === "/v1/refunds") return readRefund(deps, form);
  const [, id = "", verb] =
    /^\/v1\/payment_intents\/([^/]+)\/(confirm|capture|cancel)$/.exec(path) ?? [];
  if (!verb) return undefined;
  return readChange(deps, id, verb as "confirm" | "capture" | "cancel", form);
}

function readCreate({ newId, nowMs }: CommandDeps, form: StripeForm): Command {
  const amount = form.amount("amount");
  if (amount === undefined) form.requiredText("amount");
  const currency = form.requiredText("currency").toLowerCase();
  if (!/^[a-z]{3}$/.test(currency)) throw invalidParam("currency", `Invalid currency: ${currency}`);
  const token = tokenOf(form);
  const confirmed = form.oneOf("confirm", ["true", "false"], "false") === "true";
  if (confirmed && !token) form.requiredText("payment_method");
  const payment: Payment = {
    id: newId("pi"),
    chargeId: newId("ch"),
    status: token ? "requires_confirmation" : "requires_payment_method",
    amount: amount ?? 0,
    received: 0,
    refunded: 0,
    currency,
    captureMethod: form.oneOf("capture_method", ["automatic", "manual"], "automatic"),
    paymentMethod: token,
    metadata: form.map("metadata"),
    description: form.text("description") ?? null,
    declineCode: null,
    cancellationReason: null,
    createdAtMs: nowMs(),
    canceledAtMs: null,
  };
  const run = () => withJson(confirmed ? confirm(payment) : { payment, movements: [] });
  return { token, run };
}

function readChange(
  { store, nowMs }: CommandDeps,
  id: string,
  verb: "confirm" | "capture" | "cancel",
  form: StripeForm,
): Command {
  if (!store.payment(id)) throw noSuch("payment_intent", id, "intent");
  const amount = form.amount("amount_to_capture");
  const token = tokenOf(form);
  const reason = form.text("cancellation_reason") ?? null;
  // Looked up again when it runs: another request may have changed it while this one waited.
  const current = (): Payment => store.payment(id) as Payment;
  const verbs = {
    confirm: () => confirm(token ? withMethod(current(), token) : current()),
    capture: () => capture(current(), amount),
    cancel: () => cancel(current(), reason, nowMs()),
  };
  return { token, run: () => withJson(verbs[verb]()) };
}

function readRefund({ store, newId, nowMs }: CommandDeps, form: StripeForm): Command {
  const paymentId = form.requiredText("payment_intent");
  const amount = form.amount("amount");
  const metadata = form.map("metadata");
  if (!store.payment(paymentId)) throw noSuch("payment_intent", paymentId, "payment_intent");
  const run = (): CommandResult => {
    const outcome = refund(store.payment(paymentId) as Payment, amount);
    const { payment, movements } = outcome;
    const made: Refund = {
      id: newId("re"),
      paymentId,
      chargeId: payment.chargeId,
      amount: movements[0]?.amount ?? 0,
      currency: payment.currency,
      metadata,
      createdAtMs: nowMs(),
    };
    return { outcome, ...(!outcome.refusal && { refund: made }), json: refundJson(made) };
  };
  return { token: null, run };
}

function tokenOf(form: StripeForm): string | null {
  const token = form.text("payment_method") ?? null;
  if (token && !TOKENS.includes(token)) {
    throw noSuch("PaymentMethod", token, "payment_method", 400);
  }
  return token;
}

/** A declined payment may be tried again with another card. */
function withMethod(payment: Payment, token: string): Payment {
  const open = payment.status === "requires_payment_method";
  return open
    ? { ...payment, paymentMethod: token, status: "requires_confirmation", declineCode: null }
    : payment;
}

const withJson = (outcome: Outcome): CommandResult => ({
  outcome,
  json: paymentJson(outcome.payment),
});
