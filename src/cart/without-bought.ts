import type { VoucherId } from "../shared/ids.ts";
import type { StoredCart } from "./model.ts";

/** What an order took out of a cart: units of SKUs, and the codes that it used up. */
export type Bought = {
  lines: readonly { sku: string; quantity: number }[];
  coupons: readonly string[];
  vouchers: readonly VoucherId[];
};
type Contents = Pick<StoredCart, "lines" | "coupons" | "vouchers">;

/**
 * Takes exactly what was bought out of a cart. What was added while the payment ran stays, and what
 * was taken out meanwhile is not missed.
 */
export function withoutBought(cart: Contents, bought: Bought): Contents {
  const left = new Map<string, number>();
  for (const { sku, quantity } of bought.lines) left.set(sku, (left.get(sku) ?? 0) + quantity);
  return {
    lines: cart.lines
      .map((line) => ({ ...line, quantity: line.quantity - (left.get(line.sku) ?? 0) }))
      .filter(({ quantity }) => quantity > 0),
    coupons: cart.coupons.filter((code) => !bought.coupons.includes(code)),
    vouchers: cart.vouchers.filter(({ voucherId }) => !bought.vouchers.includes(voucherId)),
  };
}
