/** What the rest of the shop should know of a SKU, and which state of it that is. */
export type Offer = { available: number; backorder: boolean; version: number };
type Row = {
  version: number;
  publishedInStock: number | null;
  publishAtMs: number | null;
  attempts: number;
};

/** A change is told at most this much later. More changes in between are told together. */
export const PUBLISH_DELAY_MS = 500;
const RETRY_DELAY_MS_MAX = 60_000;

export const inStock = ({ available, backorder }: Omit<Offer, "version">): boolean =>
  backorder || available > 0;

/** Remembers, in the object's storage, what is still to be told to Redis and MySQL. */
export class OfferStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Marks the offer as changed. The version is never below the clock, so an object that was emptied
   * or restored still outranks the copies it made before.
   */
  markChanged(nowMs: number): void {
    this.#sql.exec(
      `UPDATE offer SET version = MAX(version + 1, ?), publish_at_ms = COALESCE(publish_at_ms, ?)`,
      nowMs,
      nowMs + PUBLISH_DELAY_MS,
    );
  }

  /** When the offer is to be published, or `undefined` when every copy is up to date. */
  publishAtMs(): number | undefined {
    return this.#row().publishAtMs ?? undefined;
  }

  version(): number {
    return this.#row().version;
  }

  /** Whether pages show the SKU as something else than it is now. */
  crossesZero(offer: Offer): boolean {
    return this.#row().publishedInStock !== (inStock(offer) ? 1 : 0);
  }

  markPublished(offer: Offer): void {
    // A change that came while the copies were written keeps its own due time.
    this.#sql.exec(
      `UPDATE offer SET published_in_stock = ?, publish_attempts = 0,
         publish_at_ms = CASE WHEN version = ? THEN NULL ELSE publish_at_ms END`,
      inStock(offer) ? 1 : 0,
      offer.version,
    );
  }

  /** Doubles the wait from one second up to one minute: a system that is down is not hammered. */
  postpone(nowMs: number): void {
    const { attempts } = this.#row();
    const delayMs = Math.min(1_000 * 2 ** Math.min(attempts, 6), RETRY_DELAY_MS_MAX);
    this.#sql.exec(
      "UPDATE offer SET publish_at_ms = ?, publish_attempts = publish_attempts + 1",
      nowMs + delayMs,
    );
  }

  #row(): Row {
    return this.#sql
      .exec<Row>(
        `SELECT version, published_in_stock AS publishedInStock, publish_at_ms AS publishAtMs,
           publish_attempts AS attempts FROM offer`,
      )
      .one();
  }
}
