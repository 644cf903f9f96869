import { sql } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { ProductId } from "../shared/ids.ts";
import { products, variants } from "./schema.ts";

/**
 * Behind a table's name. What an UPDATE reads it locks: a scan, which the optimizer prefers while a
 * table is small, would lock the rows of everybody else, and two such statements each other.
 */
export const BY_ID = sql.raw("FORCE INDEX (PRIMARY)");
export const BY_PRODUCT = sql.raw("FORCE INDEX (variants_by_product)");

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
  const own = sql`FROM ${variants} v ${BY_PRODUCT} WHERE v.product_id = p.id`;
  const lowest = sql`(SELECT MIN(v.price_minor) ${own})`;
  await session.execute(sql`
    UPDATE ${products} p ${BY_ID}
    SET p.price_from_minor = ${lowest},
      p.compare_at_from_minor = (
        SELECT MIN(c.compare_at_minor) FROM ${variants} c ${BY_PRODUCT}
        WHERE c.product_id = p.id AND c.price_minor = ${lowest} AND c.compare_at_minor > c.price_minor
      ),
      p.variant_count = (SELECT COUNT(*) ${own}),
      p.in_stock = (SELECT MAX(v.in_stock) ${own})
    WHERE p.id IN ${productIds}`);
}
