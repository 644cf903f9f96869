import { eq, inArray } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { Sku } from "../shared/ids.ts";
import { minor } from "../shared/money.ts";
import type { VariantInfo } from "./model.ts";
import { products, variants } from "./schema.ts";

/**
 * The current price and description of each SKU, in one statement. Unknown SKUs are absent from the
 * answer. Pass the primary's session where money depends on it: a replica may hold yesterday's price.
 */
export async function findVariants(
  sql: SqlSession,
  skus: readonly Sku[],
): Promise<Map<Sku, VariantInfo>> {
  if (skus.length === 0) return new Map();
  const rows = await sql
    .select({
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
      grams: variants.grams,
      imageUrl: variants.imageUrl,
      productImageUrl: products.imageUrl,
      backorder: variants.backorder,
      published: products.published,
    })
    .from(variants)
    .innerJoin(products, eq(products.id, variants.productId))
    .where(inArray(variants.sku, [...new Set(skus)]));
  return new Map(
    rows.map(({ productImageUrl, ...row }) => [
      row.sku,
      {
        ...row,
        priceMinor: minor(row.priceMinor),
        compareAtMinor: visibleCompareAt(row.priceMinor, row.compareAtMinor),
        imageUrl: row.imageUrl ?? productImageUrl,
      },
    ]),
  );
}

/** A former price is shown only when it is above the present one. */
export const visibleCompareAt = (priceMinor: number, compareAtMinor: number | null) =>
  compareAtMinor !== null && compareAtMinor > priceMinor ? minor(compareAtMinor) : null;
