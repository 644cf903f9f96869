import { logError } from "../../platform/telemetry/log.ts";
import { assert } from "../../shared/assert.ts";
import type { Refusal } from "../model.ts";
import type { Attempt, Move, PaymentRecord } from "./attempt.ts";
import type { SagaDeps } from "./deps.ts";
import { attempted, WEATHER } from "./weather.ts";

/**
 * Authorizes at the first processor that surely executes it. Fails over only from `not_executed`:
 * never from a decline, which is an answer, and never from an unknown outcome, which may be money.
 */
export async function authorize(attempt: Attempt, deps: SagaDeps): Promise<Move> {
  // Found on waking up: the request left and its answer never came back to this journal.
  if (attempt.payment?.state === "sent") return asking("woke up with a payment under way");

  for (const processor of deps.payableWith()) {
    attempt.payment = { processor, state: "sent", sentAtMs: deps.nowMs(), paymentId: null };
    deps.journal(attempt, `authorizing at ${processor}`);
    const outcome = await deps.authorize(attempt, processor);
    switch (outcome.kind) {
      case "approved":
        return approved(attempt, deps, outcome);
      case "declined":
        return refuse(attempt.payment, { code: "payment_declined", reason: outcome.reason });
      case "not_executed":
        attempt.payment.state = "nothing";
        deps.journal(attempt, `${processor} did not execute: ${outcome.reason}`);
        break;
      case "unknown":
        return asking(`${processor}: ${outcome.reason}`);
    }
  }
  const reason = attempt.payment ? "not_executed" : "no processor takes these tokens";
  return { to: "undoing", note: reason, refusal: { code: "payments_unavailable", reason } };
}

/** How long a request itself waits for the word of a processor before it answers "pending". */
const ASK_IN_REQUEST_MS = 5_000;
const ASK_EVERY_MS = 500;

/**
 * Asks the processor by the attempt's own key until it knows. "No such payment" is believed only once
 * its index must have settled. While a shopper waits it asks repeatedly, otherwise once.
 */
export async function ask(attempt: Attempt, deps: SagaDeps): Promise<Move> {
  const giveUpAtMs = deps.nowMs() + (deps.payableWith().length > 0 ? ASK_IN_REQUEST_MS : 0);
  for (;;) {
    const move = await askOnce(attempt, deps);
    if (move !== "wait" || deps.nowMs() + ASK_EVERY_MS > giveUpAtMs) return move;
    await deps.sleep(ASK_EVERY_MS);
  }
}

async function askOnce(attempt: Attempt, deps: SagaDeps): Promise<Move> {
  const { payment } = attempt;
  assert(payment, "only an attempt with a payment asks about it");
  // Before the question leaves: an answer may be under way for longer than the index took to settle.
  const askedAtMs = deps.nowMs();
  const found = await attempted(() => deps.find(attempt, payment.processor));
  if (found === WEATHER) return "wait";
  switch (found.kind) {
    case "approved":
    case "captured":
      return approved(attempt, deps, found);
    case "declined":
      return refuse(payment, { code: "payment_declined", reason: found.reason });
    case "voided":
      return refuse(payment, { code: "payments_unavailable", reason: "voided" });
    case "none":
      if (askedAtMs - payment.sentAtMs < deps.settleMs) return "wait";
      return refuse(payment, { code: "payments_unavailable", reason: "not_executed" });
  }
}

type Approval = { paymentId: string; amount: { amount: number; currency: string } };

function approved(attempt: Attempt, deps: SagaDeps, { paymentId, amount }: Approval): Move {
  const { payment } = attempt;
  assert(payment, "an approval belongs to a payment");
  payment.state = "approved";
  payment.paymentId = paymentId;
  if (deps.isExact(attempt, amount)) return { to: "appending", note: `approved ${paymentId}` };
  const reason = "the processor approved another amount";
  logError("payment.amount_mismatch", new Error(reason), { attempt: attempt.key, paymentId });
  return { to: "undoing", note: reason, refusal: { code: "payments_unavailable", reason } };
}

/** Gives the money back if the attempt holds any. */
export async function takeBack(attempt: Attempt, deps: SagaDeps): Promise<Move | "nothing_held"> {
  const { payment } = attempt;
  if (payment?.state === "sent") return asking("undoing with a payment under way");
  if (payment?.state !== "approved") return "nothing_held";
  const outcome = await attempted(() => deps.voidPayment(attempt));
  if (outcome === WEATHER || outcome.kind === "unknown") return "wait";
  assert(outcome.kind === "voided", "nothing captures before the order exists");
  payment.state = "nothing";
  deps.journal(attempt, "payment voided");
  return "nothing_held";
}

function refuse(payment: PaymentRecord, refusal: Refusal): Move {
  payment.state = "nothing";
  return { to: "undoing", note: refusal.code, refusal };
}

const asking = (note: string): Move => ({ to: "asking", note });
