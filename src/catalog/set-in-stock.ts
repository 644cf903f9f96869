import { and, eq, lt, sql } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { Sku } from "../shared/ids.ts";
import { products, variants } from "./schema.ts";

/**
 * Copies inventory's answer for a SKU to what pages show. Safe to repeat and to run late: a statement
 * that timed out may still arrive after a newer one, and the version in its WHERE then stops it. The
 * product is recomputed in any case, since an earlier run may have died between the two; and after
 * its variant was written, so of two variants that change at once the later one sees both.
 *
 * @param version rises with each of inventory's answers for this SKU.
 */
export async function setInStock(
  session: SqlSession,
  sku: Sku,
  { inStock, version }: { inStock: boolean; version: number },
): Promise<void> {
  await session
    .update(variants)
    .set({ inStock, inStockVersion: version })
    .where(and(eq(variants.sku, sku), lt(variants.inStockVersion, version)));
  await session
    .update(products)
    .set({
      inStock: sql`EXISTS (SELECT 1 FROM ${variants} v WHERE v.product_id = ${products.id} AND v.in_stock = true)`,
    })
    .where(sql`${products.id} = (SELECT o.product_id FROM ${variants} o WHERE o.sku = ${sku})`);
}
