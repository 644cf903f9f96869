import type { LedgerDraft } from "../ledger.ts";

/** A payment as the processor keeps it. Amounts are minor units. */
export type Payment = {
  pspReference: string;
  reference: string;
  status: "authorised" | "refused" | "captured" | "cancelled";
  amount: number;
  captured: number;
  refunded: number;
  currency: string;
  token: string;
  metadata: Record<string, string>;
  refusal: { reason: string; code: string } | null;
};

export type Change = "capture" | "cancel" | "refund";
type Movement = Pick<LedgerDraft, "kind" | "ok" | "amount">;
/** What asking for a change did: the payment after it, what is booked, and why it came to nothing. */
export type Changed = { payment: Payment; movement: Movement; failure: string | undefined };

/** Tokens that the bank refuses → its reason, with Adyen's code for it. */
const REFUSALS: Readonly<Record<string, { reason: string; code: string }>> = {
  tok_declined: { reason: "Refused", code: "2" },
  tok_insufficient_funds: { reason: "Not enough balance", code: "12" },
};

export const refusalOf = (token: string) => REFUSALS[token] ?? null;

/** As at Adyen, a change is always acknowledged; whether it works out is told afterwards. */
export function change(payment: Payment, what: Change, amount: number): Changed {
  switch (what) {
    case "capture":
      return capture(payment, amount);
    case "cancel":
      return cancel(payment);
    case "refund":
      return refund(payment, amount);
  }
}

function capture(payment: Payment, amount: number): Changed {
  const fits = payment.status === "authorised" && amount <= payment.amount;
  const failure = fits ? undefined : `Cannot capture a payment that is ${payment.status}`;
  const after: Payment = fits ? { ...payment, status: "captured", captured: amount } : payment;
  return { payment: after, movement: { kind: "capture", ok: fits, amount }, failure };
}

function cancel(payment: Payment): Changed {
  const fits = payment.status === "authorised";
  const failure = fits ? undefined : `Cannot cancel a payment that is ${payment.status}`;
  const after: Payment = fits ? { ...payment, status: "cancelled" } : payment;
  const { amount } = payment;
  return { payment: after, movement: { kind: "void", ok: fits, amount }, failure };
}

function refund(payment: Payment, amount: number): Changed {
  const fits = payment.status === "captured" && amount <= payment.captured - payment.refunded;
  const failure = fits ? undefined : "Insufficient balance on payment";
  const after = fits ? { ...payment, refunded: payment.refunded + amount } : payment;
  return { payment: after, movement: { kind: "refund", ok: fits, amount }, failure };
}
