import { and, eq, lt, sql } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import type { Sku } from "../shared/ids.ts";
import { type RecordedEvent, recordEvent } from "./outbox.ts";
import { tagsOf } from "./purge-tags.ts";
import { products, variants } from "./schema.ts";
import { BY_PRODUCT } from "./summaries.ts";

/**
 * Copies inventory's answer for a SKU to what pages show. Safe to repeat and to run late: a statement
 * that timed out may still arrive after a newer one, and the version in its WHERE then stops it. The
 * product is recomputed in any case, since an earlier run may have died between the two; and after
 * its variant was written, so of two variants that change at once the later one sees both.
 *
 * The event of it may be recorded more often than something changes, never less. Publish it now.
 *
 * @param version rises with each of inventory's answers for this SKU.
 */
export async function setInStock(
  { sql: session, clock }: Pick<Io, "sql" | "clock">,
  sku: Sku,
  { inStock, version }: { inStock: boolean; version: number },
): Promise<RecordedEvent[]> {
  const [[owner]] = await Promise.all([
    session.select({ productId: variants.productId }).from(variants).where(eq(variants.sku, sku)),
    session
      .update(variants)
      .set({ inStock, inStockVersion: version })
      .where(and(eq(variants.sku, sku), lt(variants.inStockVersion, version))),
  ]);
  if (!owner) return [];
  const { productId } = owner;
  await session
    .update(products)
    .set({
      inStock: sql`EXISTS (SELECT 1 FROM ${variants} v ${BY_PRODUCT} WHERE v.product_id = ${products.id} AND v.in_stock = true)`,
    })
    .where(eq(products.id, productId));
  // After the change and not beside it: whoever publishes it then speaks of what is there to be read.
  return recordEvent(
    session,
    { type: "product.stock_crossed.v1", data: { productIds: [productId] } },
    tagsOf({ type: "stock", productId }),
    clock.nowMs(),
  );
}
