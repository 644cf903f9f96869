import { inArray, sql } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { ProductId } from "../shared/ids.ts";
import { products, variants } from "./schema.ts";

/**
 * Recomputes what a product's row copies from its variants, in one statement and from the rows as
 * they are, so that two changes at once cannot leave a price that neither variant has.
 * The former price shown is that of the cheapest variant.
 */
export async function refreshSummaries(
  session: SqlSession,
  productIds: readonly ProductId[],
): Promise<void> {
  if (productIds.length === 0) return;
  const whose = inArray(variants.productId, [...productIds]);
  await session.execute(sql`
    UPDATE ${products} JOIN (
      SELECT v.product_id, low.price_from, COUNT(*) AS variant_count, MAX(v.in_stock) AS in_stock,
        MIN(CASE WHEN v.price_minor = low.price_from AND v.compare_at_minor > v.price_minor
          THEN v.compare_at_minor END) AS compare_at_from
      FROM ${variants} v JOIN (
        SELECT product_id, MIN(price_minor) AS price_from FROM ${variants} WHERE ${whose} GROUP BY product_id
      ) low ON low.product_id = v.product_id
      GROUP BY v.product_id, low.price_from
    ) s ON s.product_id = ${products.id}
    SET ${products.priceFromMinor} = s.price_from, ${products.compareAtFromMinor} = s.compare_at_from,
      ${products.variantCount} = s.variant_count, ${products.inStock} = s.in_stock`);
}
