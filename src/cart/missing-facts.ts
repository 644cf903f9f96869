import type { Offers } from "../promotions/index.ts";
import type { CartHoldings } from "./model.ts";

type Known = { has(name: string): boolean };

/** What of a cart nobody has brought facts of; `undefined` when nothing is missing. */
export function missingFacts(
  { skus, coupons, vouchers }: CartHoldings,
  facts: Known,
  offers: Offers,
): CartHoldings | undefined {
  const missing = {
    skus: skus.filter((sku) => !facts.has(sku)),
    coupons: coupons.filter((code) => !offers.coupons.has(code)),
    vouchers: vouchers.filter((id) => !offers.vouchers.has(id)),
  };
  const count = missing.skus.length + missing.coupons.length + missing.vouchers.length;
  return count > 0 ? missing : undefined;
}
