import type { VariantInfo } from "../catalog/index.ts";
import type { OrderLine } from "../orders/index.ts";
import { type Applied, applyPromotions, type Offers } from "../promotions/index.ts";
import type { LineId, Sku } from "../shared/ids.ts";
import { lineTitle } from "../shared/line-title.ts";
import { minor, money, multiply } from "../shared/money.ts";

export type CartLine = { lineId: LineId; sku: Sku; quantity: number };

/** A line that can be bought, with what decides its price. */
export type PricedLine = { line: CartLine; variant: VariantInfo; discountMinor: number };

export type PricedLines = { priced: PricedLine[]; promotions: Applied };

/** Prices what can be bought and takes off what codes and automatic rules take off. */
export function priceLines(
  lines: readonly CartLine[],
  variants: ReadonlyMap<Sku, VariantInfo>,
  coupons: readonly string[],
  offers: Offers,
): PricedLines {
  const known = lines.flatMap((line) => {
    const variant = variants.get(line.sku);
    return variant?.published ? [{ line, variant }] : [];
  });
  const promotions = applyPromotions({
    lines: known.map(({ line: { quantity }, variant }) => ({
      productId: variant.productId,
      categoryIds: variant.categoryIds,
      unitMinor: variant.priceMinor,
      quantity,
    })),
    automatic: offers.automatic,
    coupons: coupons.map((code) => ({
      code,
      promotion: offers.coupons.get(code) ?? undefined,
      usage: offers.usage.get(code),
    })),
    nowMs: offers.atMs,
  });
  const priced = known.map((each, at) => ({
    ...each,
    discountMinor: promotions.lineDiscounts[at] ?? minor(0),
  }));
  return { priced, promotions };
}

type LineTax = { added: number; included: number };

/** The line as quotes and orders show it: a refund can be computed from it alone. */
export function quoteLine({ line, variant, discountMinor }: PricedLine, tax: LineTax): OrderLine {
  const { variantId, productHandle, productTitle, title, priceMinor, currency } = variant;
  return {
    id: line.lineId,
    sku: line.sku,
    variantId,
    productHandle,
    title: lineTitle(productTitle, title),
    quantity: line.quantity,
    unitPrice: money(priceMinor, currency),
    total: money(multiply(priceMinor, line.quantity), currency),
    discount: money(discountMinor, currency),
    tax: money(tax.added, currency),
    ...(tax.included > 0 ? { taxIncluded: money(tax.included, currency) } : {}),
  };
}
