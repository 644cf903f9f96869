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

/**
 * Remembers, in the object's storage, what is still to be told to Redis and MySQL. That something was
 * told is written with the next change, or by the alarm: an object that dies before only tells it again,
 * and no copy minds.
 */
export class OfferStore {
  readonly #sql: SqlStorage;
  /** What was told last and is not written yet. */
  #told: { version: number; inStock: boolean } | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Marks the offer as changed. The version is never below the clock, so an object that was emptied
   * or restored still outranks the copies it made before.
   */
  markChanged(nowMs: number): void {
    const row = this.#row();
    const version = Math.max(row.version + 1, nowMs);
    this.#save({ ...row, version, publishAtMs: row.publishAtMs ?? nowMs + PUBLISH_DELAY_MS });
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

  /**
   * Before pages are told: what they show is unknown until that is marked. An object that died in between
   * and took the old word for it would leave them wrong when the SKU crosses back.
   */
  beginCrossing(): void {
    this.#save({ ...this.#row(), publishedInStock: null });
  }

  /** A change that came while the copies were written keeps its own due time. */
  markPublished(offer: Offer): void {
    const isCrossing = this.crossesZero(offer);
    this.#told = { version: offer.version, inStock: inStock(offer) };
    if (isCrossing) this.settle();
  }

  /** Writes what was told, if that is still to be written. */
  settle(): void {
    if (this.#told) this.#save(this.#row());
  }

  /** Doubles the wait from one second up to one minute: a system that is down is not hammered. */
  postpone(nowMs: number): void {
    const row = this.#row();
    const delayMs = Math.min(1_000 * 2 ** Math.min(row.attempts, 6), RETRY_DELAY_MS_MAX);
    this.#save({ ...row, publishAtMs: nowMs + delayMs, attempts: row.attempts + 1 });
  }

  #save({ version, publishedInStock, publishAtMs, attempts }: Row): void {
    this.#sql.exec(
      `UPDATE offer SET version = ?, published_in_stock = ?, publish_at_ms = ?,
         publish_attempts = ?`,
      version,
      publishedInStock,
      publishAtMs,
      attempts,
    );
    this.#told = undefined;
  }

  /** What is stored, and what was told since. */
  #row(): Row {
    const stored = this.#sql
      .exec<Row>(
        `SELECT version, published_in_stock AS publishedInStock, publish_at_ms AS publishAtMs,
           publish_attempts AS attempts FROM offer`,
      )
      .one();
    if (!this.#told) return stored;
    const publishAtMs = this.#told.version === stored.version ? null : stored.publishAtMs;
    return { ...stored, publishAtMs, publishedInStock: this.#told.inStock ? 1 : 0, attempts: 0 };
  }
}
