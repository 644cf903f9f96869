import { Journal } from "../../journal.ts";
import { IdempotencyKeys, type StoredAnswer } from "../idempotency.ts";
import { Ledger, type LedgerEntry } from "../ledger.ts";
import type { Payment } from "./payment.ts";

/** All that one request changed: one line of the journal, so a crash keeps all of it or nothing. */
export type AdyenChange = { payment?: Payment; entries: LedgerEntry[]; answer?: StoredAnswer };

/** Payments, kept answers and the ledger, as the journal tells them. */
export class AdyenStore {
  readonly ledger = new Ledger();
  readonly keys = new IdempotencyKeys();
  readonly #journal: Journal<AdyenChange>;
  readonly #payments = new Map<string, Payment>();

  constructor(file: string) {
    this.#journal = new Journal(file);
    for (const change of this.#journal.load()) {
      this.ledger.restore(change.entries);
      this.#apply(change);
    }
  }

  /** Entries in `change` must come from this store's ledger. */
  commit(change: AdyenChange): void {
    this.#journal.append(change);
    this.#apply(change);
  }

  payment(pspReference: string): Payment | undefined {
    return this.#payments.get(pspReference);
  }

  /** The payments of one merchant reference that still hold money. */
  authorisedAs(reference: string): Payment[] {
    return [...this.#payments.values()].filter(
      (payment) => payment.reference === reference && payment.status === "authorised",
    );
  }

  #apply({ payment, answer }: AdyenChange): void {
    if (payment) this.#payments.set(payment.pspReference, payment);
    if (answer) this.keys.finish(answer);
  }
}
