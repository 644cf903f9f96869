import type {
  AuthorizeOutcome,
  CaptureOutcome,
  FoundPayment,
  ProcessorName,
  RefundOutcome,
  VoidOutcome,
} from "../../../src/payments/index.ts";
import type { Money } from "../../../src/shared/money.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";

type Payment = {
  ref: string;
  key: string;
  checkoutId: string;
  amount: Money;
  state: "approved" | "declined" | "voided" | "captured";
  visibleAtMs: number;
};
type Entry = "AUTHORIZE" | "DECLINE" | "CAPTURE" | "VOID" | "REFUND";

/**
 * A payment processor as the outside world has it: its own books, keys under which a thing happens
 * once, and a search that lags behind. Written from what processors document, not from the adapters.
 */
export class Processor {
  readonly name: ProcessorName;
  readonly #evidence: Evidence;
  readonly #bug: Bug | undefined;
  readonly #payments = new Map<string, Payment>();
  readonly #byKey = new Map<string, Payment>();
  readonly #refunds = new Map<string, string>();
  #entries = 0;

  constructor(name: ProcessorName, evidence: Evidence, bug: Bug | undefined) {
    this.name = name;
    this.#evidence = evidence;
    this.#bug = bug;
  }

  authorize(
    { key, checkoutId, amount }: { key: string; checkoutId: string; amount: Money },
    how: { isDeclined: boolean; visibleAtMs: number },
  ): AuthorizeOutcome {
    const known = this.#byKey.get(key);
    if (known) return outcomeOf(known);
    const state = how.isDeclined ? "declined" : "approved";
    const ref = `${this.name}_${this.#byKey.size + 1}`;
    const payment: Payment = {
      ref,
      key,
      checkoutId,
      amount,
      state,
      visibleAtMs: how.visibleAtMs,
    };
    this.#byKey.set(key, payment);
    this.#payments.set(ref, payment);
    this.#enter(how.isDeclined ? "DECLINE" : "AUTHORIZE", payment, key, amount.amount);
    return outcomeOf(payment);
  }

  find(key: string, nowMs: number): FoundPayment {
    const payment = this.#byKey.get(key);
    if (!payment || payment.visibleAtMs > nowMs) return { kind: "none" };
    const { ref: paymentId, amount, state } = payment;
    if (state === "declined") return { kind: "declined", reason: "insufficient_funds" };
    if (state === "voided") return { kind: "voided", paymentId };
    return { kind: state, paymentId, amount };
  }

  capture(ref: string, key: string): { outcome: CaptureOutcome; isNew: boolean } {
    const payment = this.#payments.get(ref)!;
    if (payment.state === "voided") return { outcome: { kind: "voided" }, isNew: false };
    const isNew = payment.state === "approved";
    if (isNew || this.#bug === "capture_twice") {
      payment.state = "captured";
      this.#enter("CAPTURE", payment, key, payment.amount.amount);
    }
    return { outcome: { kind: "captured", paymentId: ref }, isNew };
  }

  void(ref: string, key: string): { outcome: VoidOutcome; isNew: boolean } {
    const payment = this.#payments.get(ref)!;
    if (payment.state === "captured") return { outcome: { kind: "captured" }, isNew: false };
    const isNew = payment.state === "approved" && this.#bug !== "lost_void";
    if (isNew) {
      payment.state = "voided";
      this.#enter("VOID", payment, key, payment.amount.amount);
    }
    return { outcome: { kind: "voided" }, isNew };
  }

  hasRefunded = (key: string): boolean => this.#refunds.has(key);

  refund(ref: string, amount: Money, key: string): { outcome: RefundOutcome; isNew: boolean } {
    const known = this.#refunds.get(key);
    if (known && this.#bug !== "refund_twice") {
      return { outcome: { kind: "refunded", refundId: known }, isNew: false };
    }
    const refundId = known ?? `re_${this.name}_${this.#refunds.size + 1}`;
    this.#refunds.set(key, refundId);
    this.#enter("REFUND", this.#payments.get(ref)!, key, amount.amount);
    return { outcome: { kind: "refunded", refundId }, isNew: true };
  }

  #enter(kind: Entry, { ref, checkoutId, amount }: Payment, key: string, minor: number): void {
    this.#entries += 1;
    const n = this.#entries;
    this.#evidence.add("psp", n, this.name, checkoutId, key, ref, kind, minor, amount.currency);
  }
}

function outcomeOf({ state, ref: paymentId, amount }: Payment): AuthorizeOutcome {
  if (state === "declined") return { kind: "declined", reason: "insufficient_funds" };
  return { kind: "approved", paymentId, amount };
}
