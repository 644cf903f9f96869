import type { CheckoutId } from "../shared/ids.ts";
import type { StoredCart, StoredLine } from "./model.ts";

type CartRow = Omit<StoredCart, "lines">;

/** The rows of one cart. Every method is synchronous; the object decides what is one transaction. */
export class CartStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(): StoredCart | undefined {
    const [row] = this.#sql
      .exec<CartRow>(
        "SELECT cart_id AS cartId, version, currency, mode, postal_code AS postalCode FROM cart",
      )
      .toArray();
    return row ? { ...row, lines: this.#lines() } : undefined;
  }

  save(cart: StoredCart, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO cart (one, cart_id, version, currency, mode, postal_code, touched_at_ms)
       VALUES (1, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (one) DO UPDATE SET version = excluded.version, mode = excluded.mode,
         postal_code = excluded.postal_code, touched_at_ms = excluded.touched_at_ms`,
      cart.cartId,
      cart.version,
      cart.currency,
      cart.mode,
      cart.postalCode,
      nowMs,
    );
    this.#saveLines(cart.lines);
  }

  touchedAtMs(): number | undefined {
    return this.#sql.exec<{ atMs: number }>("SELECT touched_at_ms AS atMs FROM cart").toArray()[0]
      ?.atMs;
  }

  touch(nowMs: number): void {
    this.#sql.exec("UPDATE cart SET touched_at_ms = ?", nowMs);
  }

  checkoutId(): CheckoutId | undefined {
    const query = "SELECT checkout_id AS id FROM cart WHERE checkout_id IS NOT NULL";
    return this.#sql.exec<{ id: CheckoutId }>(query).toArray()[0]?.id;
  }

  setCheckout(checkoutId: CheckoutId): void {
    this.#sql.exec("UPDATE cart SET checkout_id = ?", checkoutId);
  }

  forgetCheckout(checkoutId: CheckoutId): void {
    this.#sql.exec("UPDATE cart SET checkout_id = NULL WHERE checkout_id = ?", checkoutId);
  }

  /** True the first time a checkout is cleared. Call it inside the transaction it guards. */
  recordCleared(checkoutId: CheckoutId, nowMs: number): boolean {
    const insert = "INSERT INTO cleared VALUES (?, ?) ON CONFLICT DO NOTHING";
    return this.#sql.exec(insert, checkoutId, nowMs).rowsWritten > 0;
  }

  #lines(): StoredLine[] {
    return this.#sql
      .exec<StoredLine>("SELECT line_id AS lineId, sku, quantity FROM line ORDER BY position")
      .toArray();
  }

  /** Writes only the lines that differ: each row written is billed, and a change touches one. */
  #saveLines(lines: readonly StoredLine[]): void {
    const earlier = new Map(this.#lines().map((line) => [line.lineId, line]));
    for (const { lineId, sku, quantity } of lines) {
      const known = earlier.get(lineId);
      earlier.delete(lineId);
      if (known?.quantity === quantity) continue;
      this.#sql.exec(
        `INSERT INTO line (line_id, sku, quantity) VALUES (?, ?, ?)
         ON CONFLICT (line_id) DO UPDATE SET quantity = excluded.quantity`,
        lineId,
        sku,
        quantity,
      );
    }
    for (const lineId of earlier.keys())
      this.#sql.exec("DELETE FROM line WHERE line_id = ?", lineId);
  }
}
