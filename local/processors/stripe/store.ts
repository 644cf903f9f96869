import { Journal } from "../../journal.ts";
import { IdempotencyKeys, type StoredAnswer } from "../idempotency.ts";
import { Ledger, type LedgerEntry } from "../ledger.ts";
import type { Payment } from "./payment.ts";

export type Refund = {
  id: string;
  paymentId: string;
  chargeId: string;
  amount: number;
  currency: string;
  metadata: Record<string, string>;
  createdAtMs: number;
};

/** All that one request changed. It is one line of the journal, so a crash keeps all of it or nothing. */
export type StripeChange = {
  payment?: Payment;
  refund?: Refund;
  entries: LedgerEntry[];
  answer?: StoredAnswer;
};

/** Payments, refunds, kept answers and the ledger, as the journal tells them. */
export class StripeStore {
  readonly ledger = new Ledger();
  readonly keys = new IdempotencyKeys();
  readonly #journal: Journal<StripeChange>;
  readonly #payments = new Map<string, Payment>();
  readonly #refunds = new Map<string, Refund>();

  constructor(file: string) {
    this.#journal = new Journal(file);
    for (const change of this.#journal.load()) {
      this.ledger.restore(change.entries);
      this.#apply(change);
    }
  }

  /** Entries in `change` must come from this store's ledger. */
  commit(change: StripeChange): void {
    this.#journal.append(change);
    this.#apply(change);
  }

  payment(id: string): Payment | undefined {
    return this.#payments.get(id);
  }

  /** Newest first. */
  payments(): Payment[] {
    return [...this.#payments.values()].reverse();
  }

  refund(id: string): Refund | undefined {
    return this.#refunds.get(id);
  }

  refundsOf(paymentId: string): Refund[] {
    return [...this.#refunds.values()].filter((refund) => refund.paymentId === paymentId).reverse();
  }

  #apply({ payment, refund, answer }: StripeChange): void {
    if (payment) this.#payments.set(payment.id, payment);
    if (refund) this.#refunds.set(refund.id, refund);
    if (answer) this.keys.finish(answer);
  }
}
