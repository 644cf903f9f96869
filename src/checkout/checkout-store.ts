import type { CartOwner } from "../cart/index.ts";
import type { Redemptions } from "../promotions/index.ts";
import type { DeliveryMode } from "../shared/delivery-mode.ts";
import type { CartId, CheckoutId, QuoteId, VoucherId } from "../shared/ids.ts";
import type { CheckoutContact, CheckoutProblem, Quote, Refusal } from "./model.ts";
import type { Attempt } from "./saga/attempt.ts";

export const CHECKOUT_MIGRATIONS = [
  // Append-only.
  `CREATE TABLE checkout (
     one INTEGER PRIMARY KEY CHECK (one = 1), record TEXT NOT NULL, attempt TEXT) STRICT;
   CREATE TABLE quote (id TEXT PRIMARY KEY, body TEXT NOT NULL, created_at_ms INTEGER NOT NULL) STRICT;
   CREATE TABLE journal (
     position INTEGER PRIMARY KEY AUTOINCREMENT, attempt INTEGER NOT NULL, step TEXT NOT NULL,
     note TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;`,
] as const;

/** What a checkout knows beside its quotes and its running attempt. */
export type CheckoutRecord = {
  checkoutId: CheckoutId;
  cartId: CartId;
  /** Whose cart it is: who may see and complete this checkout. */
  owner: CartOwner;
  contact: CheckoutContact;
  currency: string;
  createdAtMs: number;
  problems: CheckoutProblem[];
  /** How the cart asked to be delivered when it was last quoted. */
  delivery: { mode: DeliveryMode; postalCode: string | null };
  /** The cart's codes when it was last quoted, and what an order of that quote uses up. */
  coupons: string[];
  vouchers: VoucherId[];
  redemptions: Redemptions;
  currentQuoteId: QuoteId;
  attempts: number;
  canceledBecause: string | null;
  lastRefusal: Refusal | null;
};

/** What was stored before there were delivery modes is of the one there was. */
const BEFORE_MODES: { record: Partial<CheckoutRecord>; quote: Partial<Quote> } = {
  record: { delivery: { mode: "standard", postalCode: null } },
  quote: { mode: "standard", shipments: [] },
};

export type JournalEntry = { attempt: number; step: string; note: string; atMs: number };

const QUOTES_KEPT = 20;

/** The tables of one Checkout object. Every method is synchronous. */
export class CheckoutStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  record(): CheckoutRecord | undefined {
    const [row] = this.#sql.exec<{ record: string }>("SELECT record FROM checkout");
    if (!row) return undefined;
    return { ...BEFORE_MODES.record, ...(JSON.parse(row.record) as CheckoutRecord) };
  }

  saveRecord(record: CheckoutRecord): void {
    this.#sql.exec(
      "INSERT INTO checkout (one, record) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET record = excluded.record",
      JSON.stringify(record),
    );
  }

  attempt(): Attempt | undefined {
    const [row] = this.#sql.exec<{ attempt: string | null }>("SELECT attempt FROM checkout");
    return row?.attempt ? (JSON.parse(row.attempt) as Attempt) : undefined;
  }

  /** Saves where the attempt stands and why, in one write batch. */
  journal(attempt: Attempt, note: string, nowMs: number): void {
    this.#sql.exec("UPDATE checkout SET attempt = ?", JSON.stringify(attempt));
    this.#sql.exec(
      "INSERT INTO journal (attempt, step, note, at_ms) VALUES (?, ?, ?, ?)",
      attempt.number,
      attempt.step,
      note,
      nowMs,
    );
  }

  journalEntries(): JournalEntry[] {
    return this.#sql
      .exec<JournalEntry>(
        "SELECT attempt, step, note, at_ms AS atMs FROM journal ORDER BY position",
      )
      .toArray();
  }

  quote(id: QuoteId): Quote | undefined {
    const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM quote WHERE id = ?", id);
    if (!row) return undefined;
    return { ...BEFORE_MODES.quote, ...(JSON.parse(row.body) as Quote) };
  }

  saveQuote(quote: Quote, nowMs: number): void {
    this.#sql.exec("INSERT INTO quote VALUES (?, ?, ?)", quote.id, JSON.stringify(quote), nowMs);
    this.#sql.exec(
      "DELETE FROM quote WHERE id IN (SELECT id FROM quote ORDER BY created_at_ms DESC, rowid DESC LIMIT -1 OFFSET ?)",
      QUOTES_KEPT,
    );
  }
}
