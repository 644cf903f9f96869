import type { DeliveryMode } from "../shared/delivery-mode.ts";
import type { CartId } from "../shared/ids.ts";
import { MOVING } from "./cart-store.ts";
import { type Idleness, retryDelayMs } from "./lifetime.ts";
import type { SnapshotLine, StoredCart } from "./model.ts";

/** A cart that is over, for as long as somebody still has to be told. */
export type ExpiredCart = {
  cartId: CartId;
  version: number;
  mode: DeliveryMode;
  lines: SnapshotLine[];
  expiredAtMs: number;
};

/**
 * What a cart still owes to Neon and to the queue. Each attempt is noted before it is made, with the
 * time of the next: so an object that dies meanwhile neither forgets it nor repeats it without a pause.
 */
export class LifetimeStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Of a cart that somebody may use: one that is on its way into another does not grow old. */
  idleness(): Idleness | undefined {
    return this.#sql
      .exec<Idleness>(
        `SELECT version, (SELECT COUNT(*) FROM line) AS lineCount, touched_at_ms AS touchedAtMs,
           snapshot_version AS snapshotVersion, snapshot_attempts AS snapshotAttempts,
           snapshot_retry_at_ms AS snapshotRetryAtMs FROM cart WHERE NOT EXISTS (${MOVING})`,
      )
      .toArray()[0];
  }

  beginSnapshot({ snapshotAttempts }: Idleness, nowMs: number): void {
    const attempts = snapshotAttempts + 1;
    const update = "UPDATE cart SET snapshot_attempts = ?, snapshot_retry_at_ms = ?";
    this.#sql.exec(update, attempts, nowMs + retryDelayMs(attempts));
  }

  /** @param version is what was sent; the cart may have moved on meanwhile. */
  endSnapshot(version: number): void {
    const update = `UPDATE cart SET snapshot_version = ?, snapshot_attempts = 0,
      snapshot_retry_at_ms = NULL`;
    this.#sql.exec(update, version);
  }

  /** Ends the cart; `owed` says whether anybody has to be told. Call it inside a transaction. */
  expire(cart: StoredCart, owed: boolean, nowMs: number): void {
    this.#sql.exec("DELETE FROM cleared");
    this.end(cart, owed, nowMs);
  }

  /** As `expire`, of a cart whose purchases may still be under way. */
  end({ cartId, version, mode, lines }: StoredCart, owed: boolean, nowMs: number): void {
    for (const table of ["line", "code", "cart"]) this.#sql.exec(`DELETE FROM ${table}`);
    if (!owed) return;
    const left = lines.map(({ sku, quantity }): SnapshotLine => ({ sku, quantity }));
    this.#sql.exec(
      "INSERT INTO expired (cart_id, version, mode, lines, expired_at_ms, due_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
      cartId,
      version,
      mode,
      JSON.stringify(left),
      nowMs,
      nowMs,
    );
  }

  /** When an expired cart is next to be told of, or `undefined` when all were. */
  expiredDueAtMs(): number | undefined {
    const query = "SELECT MIN(due_at_ms) AS atMs FROM expired";
    return this.#sql.exec<{ atMs: number | null }>(query).one().atMs ?? undefined;
  }

  listDueExpired(nowMs: number, limit: number): ExpiredCart[] {
    return this.#sql
      .exec<Omit<ExpiredCart, "lines"> & { lines: string }>(
        `SELECT cart_id AS cartId, version, mode, lines, expired_at_ms AS expiredAtMs FROM expired
         WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?`,
        nowMs,
        limit,
      )
      .toArray()
      .map((row) => ({ ...row, lines: JSON.parse(row.lines) as SnapshotLine[] }));
  }

  beginTelling(cartId: CartId, nowMs: number): void {
    const query = "UPDATE expired SET attempts = attempts + 1 WHERE cart_id = ? RETURNING attempts";
    const { attempts } = this.#sql.exec<{ attempts: number }>(query, cartId).one();
    const dueAtMs = nowMs + retryDelayMs(attempts);
    this.#sql.exec("UPDATE expired SET due_at_ms = ? WHERE cart_id = ?", dueAtMs, cartId);
  }

  endTelling(cartId: CartId): void {
    this.#sql.exec("DELETE FROM expired WHERE cart_id = ?", cartId);
  }
}
