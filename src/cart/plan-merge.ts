import { CODES_MAX } from "../promotions/index.ts";
import { QUANTITY_MAX } from "../shared/quantity.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { type CartContents, LINES_MAX, type StoredCart, type StoredLine } from "./model.ts";

export type MergeRefusal = { code: "line_limit"; max: number };

/**
 * Puts what a guest's cart holds into a shopper's own. Quantities of one SKU are summed, up to what a
 * line may hold; codes are joined, the shopper's own first, up to what a cart may hold. Stock is not
 * asked: a line that asks for more than there is says so, like any line whose stock went meanwhile.
 * All lines fit or none is taken.
 */
export function planMerge(cart: StoredCart, from: CartContents): Result<StoredCart, MergeRefusal> {
  const lines = mergedLines(cart.lines, from.lines);
  if (lines.length > LINES_MAX) return err({ code: "line_limit", max: LINES_MAX });
  const isNew = cart.version === 0;
  const known = new Set(cart.vouchers.map(({ voucherId }) => voucherId));
  const vouchers = [
    ...cart.vouchers,
    ...from.vouchers.filter(({ voucherId }) => !known.has(voucherId)),
  ];
  return ok({
    ...cart,
    ...(isNew ? { mode: from.mode, postalCode: from.postalCode } : {}),
    version: cart.version + 1,
    lines,
    coupons: [...new Set([...cart.coupons, ...from.coupons])].slice(0, CODES_MAX),
    vouchers: vouchers.slice(0, CODES_MAX),
  });
}

function mergedLines(own: readonly StoredLine[], more: readonly StoredLine[]): StoredLine[] {
  const added = new Map(more.map((line) => [line.sku, line]));
  const summed = own.map((line) => {
    const quantity = line.quantity + (added.get(line.sku)?.quantity ?? 0);
    added.delete(line.sku);
    return { ...line, quantity: Math.min(quantity, QUANTITY_MAX) };
  });
  return [...summed, ...added.values()];
}
