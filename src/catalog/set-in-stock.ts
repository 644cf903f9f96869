import { eq, sql } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { Sku } from "../shared/ids.ts";
import { products, variants } from "./schema.ts";

/**
 * Copies inventory's answer for a SKU to what pages show. Safe to repeat. The product is recomputed
 * after its variant was written, so of two variants that change at once the later one sees both.
 */
export async function setInStock(session: SqlSession, sku: Sku, inStock: boolean): Promise<void> {
  await session.update(variants).set({ inStock }).where(eq(variants.sku, sku));
  await session
    .update(products)
    .set({
      inStock: sql`EXISTS (SELECT 1 FROM ${variants} v WHERE v.product_id = ${products.id} AND v.in_stock = true)`,
    })
    .where(sql`${products.id} = (SELECT o.product_id FROM ${variants} o WHERE o.sku = ${sku})`);
}
