import { eq, sql } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { Clock } from "../shared/clock.ts";
import type { ProductId, Sku, VariantId } from "../shared/ids.ts";
import { type Money, money } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { products, variants } from "./schema.ts";
import { refreshSummaryOf } from "./summaries.ts";

export type PriceChange = {
  sku: Sku;
  priceMinor?: number | undefined;
  /** `null` takes the former price away. */
  compareAtMinor?: number | null | undefined;
};

export type PricedVariant = {
  sku: Sku;
  variantId: VariantId;
  productId: ProductId;
  price: Money;
  compareAtPrice: Money | null;
  priceFrom: Money;
};

/**
 * Sets a variant's prices and what its product shows of them, together or not at all. The product
 * forgets the fingerprint of its file, so that importing the file again puts the file's price back.
 */
export async function changePrice(
  { sql: session, clock }: { sql: SqlSession; clock: Clock },
  { sku, priceMinor, compareAtMinor }: PriceChange,
): Promise<Result<PricedVariant, { code: "sku_unknown" }>> {
  return session.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    const set = [
      ...(priceMinor === undefined ? [] : [sql`v.price_minor = ${priceMinor}`]),
      ...(compareAtMinor === undefined ? [] : [sql`v.compare_at_minor = ${compareAtMinor}`]),
      sql`v.updated_at_ms = ${nowMs}`,
      sql`p.updated_at_ms = ${nowMs}`,
      sql`p.version = p.version + 1`,
      sql`p.source_hash = ''`,
    ];
    await tx.execute(sql`UPDATE ${variants} v JOIN ${products} p ON p.id = v.product_id
      SET ${sql.join(set, sql`, `)} WHERE v.sku = ${sku}`);
    await refreshSummaryOf(tx, sku);
    const [row] = await tx
      .select({
        variantId: variants.id,
        productId: products.id,
        priceMinor: variants.priceMinor,
        compareAtMinor: variants.compareAtMinor,
        priceFromMinor: products.priceFromMinor,
        currency: products.currency,
      })
      .from(variants)
      .innerJoin(products, eq(products.id, variants.productId))
      .where(eq(variants.sku, sku));
    if (!row) return err({ code: "sku_unknown" });
    const { variantId, productId, currency } = row;
    return ok({
      sku,
      variantId,
      productId,
      price: money(row.priceMinor, currency),
      compareAtPrice: row.compareAtMinor === null ? null : money(row.compareAtMinor, currency),
      priceFrom: money(row.priceFromMinor, currency),
    });
  });
}
