import { eq, inArray } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { Sku } from "../shared/ids.ts";
import { CATEGORY_IDS } from "./category-ids.ts";
import type { VariantInfo } from "./model.ts";
import { priceUnder, rulesFor } from "./price-rules.ts";
import { readPriceRules } from "./read-price-rules.ts";
import { products, variants } from "./schema.ts";

/**
 * The current price and description of each SKU, in one step: the SKUs and the price rules side by
 * side. Unknown SKUs are absent from the answer. Pass the primary's session where money depends on
 * it: a replica may hold yesterday's price.
 *
 * @param nowMs decides which rules hold.
 */
export async function findVariants(
  session: SqlSession,
  skus: readonly Sku[],
  nowMs: number,
): Promise<Map<Sku, VariantInfo>> {
  if (skus.length === 0) return new Map();
  const [rows, rules] = await Promise.all([
    session
      .select(VARIANT)
      .from(variants)
      .innerJoin(products, eq(products.id, variants.productId))
      .where(inArray(variants.sku, [...new Set(skus)])),
    readPriceRules(session, nowMs),
  ]);
  return new Map(
    rows.map(({ productImageUrl, categoryIds, ...row }) => {
      const { productId, sku } = row;
      const ofProduct = rulesFor(rules, { productId, categoryIds: categoryIds ?? [] });
      const { priceMinor, compareAtMinor } = priceUnder(ofProduct, row, nowMs);
      const imageUrl = row.imageUrl ?? productImageUrl;
      const known = { ...row, categoryIds: categoryIds ?? [] };
      return [sku, { ...known, priceMinor, compareAtMinor, imageUrl }];
    }),
  );
}

const VARIANT = {
  sku: variants.sku,
  variantId: variants.id,
  productId: products.id,
  productHandle: products.handle,
  productTitle: products.title,
  title: variants.title,
  priceMinor: variants.priceMinor,
  compareAtMinor: variants.compareAtMinor,
  currency: products.currency,
  requiresShipping: variants.requiresShipping,
  taxable: variants.taxable,
  grams: variants.grams,
  imageUrl: variants.imageUrl,
  productImageUrl: products.imageUrl,
  categoryIds: CATEGORY_IDS,
  backorder: variants.backorder,
  published: products.published,
};
