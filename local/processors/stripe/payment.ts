import type { LedgerDraft } from "../ledger.ts";
import type { StripeErrorBody } from "./stripe-error.ts";

export type PaymentStatus =
  | "requires_confirmation"
  | "requires_payment_method"
  | "requires_capture"
  | "succeeded"
  | "canceled";

/** A payment as the processor keeps it. Amounts are minor units. */
export type Payment = {
  id: string;
  chargeId: string;
  status: PaymentStatus;
  amount: number;
  received: number;
  refunded: number;
  currency: string;
  captureMethod: "automatic" | "manual";
  paymentMethod: string | null;
  metadata: Record<string, string>;
  description: string | null;
  declineCode: string | null;
  cancellationReason: string | null;
  createdAtMs: number;
  canceledAtMs: number | null;
};

type Movement = Pick<LedgerDraft, "kind" | "ok" | "amount">;

/** What a command did: the payment after it, the movements to be booked, and why it was refused. */
export type Outcome = {
  payment: Payment;
  movements: Movement[];
  refusal?: { status: number; error: StripeErrorBody };
};

/** Tokens that the bank refuses → its reason. All other tokens are paid. */
const DECLINES: Readonly<Record<string, string>> = {
  tok_declined: "generic_decline",
  tok_insufficient_funds: "insufficient_funds",
};

export function confirm(payment: Payment): Outcome {
  if (payment.status !== "requires_confirmation") return unexpectedState(payment, "confirm");
  const { amount } = payment;
  const declineCode = DECLINES[payment.paymentMethod ?? ""];
  if (declineCode) {
    const declined: Payment = { ...payment, status: "requires_payment_method", declineCode };
    return {
      payment: declined,
      movements: [{ kind: "decline", ok: false, amount }],
      refusal: { status: 402, error: declineError(declined) },
    };
  }
  const authorized: Payment = { ...payment, status: "requires_capture" };
  const movements: Movement[] = [{ kind: "authorize", ok: true, amount }];
  if (payment.captureMethod === "manual") return { payment: authorized, movements };
  const captured = capture(authorized, amount);
  return { payment: captured.payment, movements: [...movements, ...captured.movements] };
}

/** Takes the money. What a partial capture leaves is released, and cannot be captured later. */
export function capture(payment: Payment, amount: number = payment.amount): Outcome {
  if (payment.status !== "requires_capture") return unexpectedState(payment, "capture", amount);
  if (amount > payment.amount) {
    const message = `amount_to_capture ${amount} is greater than the capturable ${payment.amount}`;
    return refused(payment, { kind: "capture", ok: false, amount }, message, "amount_too_large");
  }
  return {
    payment: { ...payment, status: "succeeded", received: amount },
    movements: [{ kind: "capture", ok: true, amount }],
  };
}

export function cancel(payment: Payment, reason: string | null, nowMs: number): Outcome {
  if (payment.status === "succeeded" || payment.status === "canceled") {
    return unexpectedState(payment, "cancel");
  }
  const held = payment.status === "requires_capture";
  const canceled: Payment = {
    ...payment,
    status: "canceled",
    cancellationReason: reason,
    canceledAtMs: nowMs,
  };
  return {
    payment: canceled,
    movements: held ? [{ kind: "void", ok: true, amount: payment.amount }] : [],
  };
}

export function refund(payment: Payment, asked?: number): Outcome {
  const left = payment.received - payment.refunded;
  const amount = asked ?? left;
  const failed: Movement = { kind: "refund", ok: false, amount };
  if (payment.status !== "succeeded") {
    const message = `PaymentIntent ${payment.id} has no successful charge to refund`;
    return refused(payment, failed, message, "payment_intent_unexpected_state");
  }
  if (left === 0) {
    const message = `Charge ${payment.chargeId} has already been refunded`;
    return refused(payment, failed, message, "charge_already_refunded");
  }
  if (amount > left) {
    const message = `Refund amount ${amount} is greater than the unrefunded amount ${left}`;
    return refused(payment, failed, message, "amount_too_large");
  }
  return {
    payment: { ...payment, refunded: payment.refunded + amount },
    movements: [{ kind: "refund", ok: true, amount }],
  };
}

function unexpectedState(
  payment: Payment,
  verb: "confirm" | "capture" | "cancel",
  amount: number = payment.amount,
): Outcome {
  const message = `This PaymentIntent cannot ${verb} while its status is ${payment.status}`;
  const error: StripeErrorBody = {
    type: "invalid_request_error",
    code: "payment_intent_unexpected_state",
    message,
    payment_intent: paymentJson(payment),
  };
  const kinds = { confirm: "authorize", capture: "capture", cancel: "void" } as const;
  return {
    payment,
    movements: [{ kind: kinds[verb], ok: false, amount }],
    refusal: { status: 400, error },
  };
}

function refused(payment: Payment, movement: Movement, message: string, code: string): Outcome {
  const error: StripeErrorBody = { type: "invalid_request_error", code, message };
  return { payment, movements: [movement], refusal: { status: 400, error } };
}

function declineError(payment: Payment): StripeErrorBody {
  return { ...lastPaymentError(payment), payment_intent: paymentJson(payment) };
}

function lastPaymentError({ declineCode }: Payment): StripeErrorBody {
  return {
    type: "card_error",
    code: "card_declined",
    decline_code: declineCode ?? "generic_decline",
    message: "The card was declined.",
  };
}

/** A PaymentIntent in the shape of Stripe's API. */
export function paymentJson(payment: Payment, { expandCharge = false } = {}): object {
  const { id, status, amount, received } = payment;
  const charged = status === "requires_capture" || status === "succeeded" || status === "canceled";
  return {
    id,
    object: "payment_intent",
    amount,
    amount_capturable: status === "requires_capture" ? amount : 0,
    amount_received: received,
    canceled_at: payment.canceledAtMs === null ? null : seconds(payment.canceledAtMs),
    cancellation_reason: payment.cancellationReason,
    capture_method: payment.captureMethod,
    client_secret: `${id}_secret_local`,
    created: seconds(payment.createdAtMs),
    currency: payment.currency,
    customer: null,
    description: payment.description,
    last_payment_error: payment.declineCode ? lastPaymentError(payment) : null,
    latest_charge: !charged ? null : expandCharge ? chargeJson(payment) : payment.chargeId,
    livemode: false,
    metadata: payment.metadata,
    payment_method: payment.paymentMethod,
    payment_method_types: ["card"],
    status,
  };
}

export function chargeJson(payment: Payment): object {
  const { chargeId, amount, received, refunded } = payment;
  return {
    id: chargeId,
    object: "charge",
    amount,
    amount_captured: received,
    amount_refunded: refunded,
    captured: received > 0,
    currency: payment.currency,
    metadata: payment.metadata,
    paid: true,
    payment_intent: payment.id,
    refunded: received > 0 && refunded === received,
    status: "succeeded",
  };
}

export const seconds = (ms: number): number => Math.floor(ms / 1000);
