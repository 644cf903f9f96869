import type { Offers } from "../promotions/index.ts";
import { money, multiply } from "../shared/money.ts";
import { ok, type Result } from "../shared/result.ts";
import { applyOffers, type BuyableLine } from "./apply-offers.ts";
import type { CartError, CartLine, CartView, SkuFacts, StoredCart, StoredLine } from "./model.ts";
import { sumLines, totalsOf } from "./totals.ts";

export type FactsBySku = ReadonlyMap<string, SkuFacts>;

/** Whether a SKU is on sale in this currency, whatever its stock. */
export const isOnSale = (
  facts: SkuFacts | undefined,
  currency: string,
): facts is SkuFacts & { variant: NonNullable<SkuFacts["variant"]> } =>
  Boolean(facts?.variant?.published && facts.variant.currency === currency);

/** How many of a SKU one cart may ask for. */
export const obtainable = ({ available, backorder }: SkuFacts): number =>
  backorder ? Number.POSITIVE_INFINITY : available;

/**
 * Shows a cart at the prices of this moment. A line that cannot be bought any more stays, with its
 * problem and a total of zero, so that the shopper sees what is missing instead of a shorter cart.
 */
export function priceCart(
  cart: StoredCart,
  facts: FactsBySku,
  offers: Offers,
): Result<CartView, CartError> {
  const { cartId, version, currency, mode, postalCode, lines } = cart;
  const onSale = lines.flatMap((line): BuyableLine[] => {
    const known = facts.get(line.sku);
    return isOnSale(known, currency) ? [{ ...line, variant: known.variant }] : [];
  });
  const subtotal = sumLines(
    onSale.map(({ quantity, variant: { priceMinor } }) => ({ priceMinor, quantity })),
  );
  if (!subtotal.ok) return subtotal;

  const { coupons, vouchers, promotions, discountMinor, discountOf } = applyOffers(
    cart,
    onSale,
    offers,
  );
  const shown = lines.map((line) => ({
    ...priceLine(line, facts.get(line.sku), currency),
    discount: money(discountOf(line) ?? 0, currency),
  }));
  return ok({
    id: cartId,
    version,
    currency,
    lines: shown,
    coupons,
    vouchers,
    promotions,
    mode,
    ...(postalCode === null ? {} : { postalCode }),
    totals: totalsOf(subtotal.value, discountMinor, currency),
    problems: shown.flatMap(({ sku, problems }) => problems.map((each) => ({ ...each, sku }))),
  });
}

/** What a shopper without a cart sees. */
export const emptyCart = (currency: string): CartView => ({
  id: null,
  version: 0,
  currency,
  lines: [],
  coupons: [],
  vouchers: [],
  promotions: [],
  mode: "standard",
  totals: totalsOf(0, 0, currency),
  problems: [],
});

function priceLine(
  { lineId, sku, quantity }: StoredLine,
  facts: SkuFacts | undefined,
  currency: string,
): Omit<CartLine, "discount"> {
  const variant = facts?.variant;
  const line = {
    id: lineId,
    sku,
    variantId: variant?.variantId ?? null,
    productHandle: variant?.productHandle ?? null,
    title: variant?.title ?? sku,
    quantity,
    unitPrice: variant ? money(variant.priceMinor, variant.currency) : null,
  };
  if (!isOnSale(facts, currency)) {
    return { ...line, total: money(0, currency), problems: [{ code: "unavailable" }] };
  }
  const total = money(multiply(facts.variant.priceMinor, quantity), currency);
  const short = quantity > obtainable(facts);
  const problems: CartLine["problems"] = short
    ? [{ code: "insufficient_stock", available: facts.available }]
    : [];
  return { ...line, total, problems };
}
