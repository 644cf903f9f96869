import type { CheckoutId } from "../shared/ids.ts";
import type { StoredCart, StoredLine, StoredVoucher } from "./model.ts";

type CartRow = Omit<StoredCart, "lines" | "coupons" | "vouchers">;
type CodeRow = { kind: "coupon" | "voucher"; name: string; mask: string };

const CART_ROW =
  "SELECT cart_id AS cartId, version, currency, mode, postal_code AS postalCode FROM cart";
/** True while the cart is on its way into another. */
export const MOVING = "SELECT 1 FROM merged WHERE state = 'moving'";

/** The rows of one cart. Every method is synchronous; the object decides what is one transaction. */
export class CartStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The cart, unless it is on its way into another: then it is nobody's to look at or to change. */
  find(): StoredCart | undefined {
    return this.#read(`${CART_ROW} WHERE NOT EXISTS (${MOVING})`);
  }

  findMoving(): StoredCart | undefined {
    return this.#read(`${CART_ROW} WHERE EXISTS (${MOVING})`);
  }

  #read(query: string): StoredCart | undefined {
    const [row] = this.#sql.exec<CartRow>(query).toArray();
    if (!row) return undefined;
    const codes = this.#codes();
    return {
      ...row,
      lines: this.#lines(),
      coupons: codes.filter(({ kind }) => kind === "coupon").map(({ name }) => name),
      vouchers: codes
        .filter(({ kind }) => kind === "voucher")
        .map(({ name, mask }) => ({ voucherId: name, mask }) as StoredVoucher),
    };
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
    this.#saveCodes([
      ...cart.coupons.map((name) => ({ kind: "coupon" as const, name, mask: name })),
      ...cart.vouchers.map(({ voucherId: name, mask }) => ({
        kind: "voucher" as const,
        name,
        mask,
      })),
    ]);
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

  isCleared(checkoutId: CheckoutId): boolean {
    const query = "SELECT 1 FROM cleared WHERE checkout_id = ?";
    return this.#sql.exec(query, checkoutId).toArray().length > 0;
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

  #codes(): CodeRow[] {
    return this.#sql.exec<CodeRow>("SELECT kind, name, mask FROM code ORDER BY position").toArray();
  }

  #saveCodes(codes: readonly CodeRow[]): void {
    const earlier = this.#codes();
    const isIn = (list: readonly CodeRow[], { kind, name }: CodeRow) =>
      list.some((each) => each.kind === kind && each.name === name);
    for (const code of earlier) {
      if (isIn(codes, code)) continue;
      this.#sql.exec("DELETE FROM code WHERE kind = ? AND name = ?", code.kind, code.name);
    }
    for (const code of codes) {
      if (isIn(earlier, code)) continue;
      const insert = "INSERT INTO code (kind, name, mask) VALUES (?, ?, ?)";
      this.#sql.exec(insert, code.kind, code.name, code.mask);
    }
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
