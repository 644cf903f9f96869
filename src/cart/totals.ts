import { MINOR_MAX, money, multiply } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { CartView } from "./model.ts";

type Priced = { priceMinor: number; quantity: number };
type TotalLimit = { code: "total_limit"; max: number };

/**
 * Adds up what can be bought. Refuses before a sum could pass `MINOR_MAX`, where integers would
 * still be exact but no processor would take the amount.
 */
export function sumLines(lines: readonly Priced[]): Result<number, TotalLimit> {
  let subtotal = 0;
  for (const { priceMinor, quantity } of lines) {
    subtotal += multiply(priceMinor, quantity);
    if (subtotal > MINOR_MAX) return err({ code: "total_limit", max: MINOR_MAX });
  }
  return ok(subtotal);
}

/** A cart knows neither address nor method, so shipping and tax are the checkout's to say. */
export function totalsOf(
  subtotalMinor: number,
  discountMinor: number,
  currency: string,
): CartView["totals"] {
  const zero = money(0, currency);
  return {
    subtotal: money(subtotalMinor, currency),
    discount: money(discountMinor, currency),
    shipping: zero,
    tax: zero,
    total: money(subtotalMinor - discountMinor, currency),
  };
}
