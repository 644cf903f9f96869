import { eq, sql } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import { assert } from "../shared/assert.ts";
import type { Clock } from "../shared/clock.ts";
import type { ProductId, Sku, VariantId } from "../shared/ids.ts";
import { type Money, money } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { type RecordedEvent, recordEvent } from "./outbox.ts";
import { tagsOf } from "./purge-tags.ts";
import { readShelves } from "./read-shelves.ts";
import { products, variants } from "./schema.ts";
import { settleProducts } from "./settle-products.ts";
import { refreshSummaries } from "./summaries.ts";

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
 * The answer's prices are the merchant's own, before any rule. Its events are to be published now.
 */
export async function changePrice(
  { sql: session, clock }: { sql: SqlSession; clock: Clock },
  change: PriceChange,
): Promise<Result<{ variant: PricedVariant; events: RecordedEvent[] }, { code: "sku_unknown" }>> {
  const [owner] = await session
    .select({ productId: variants.productId })
    .from(variants)
    .where(eq(variants.sku, change.sku));
  if (!owner) return err({ code: "sku_unknown" });
  const { productId } = owner; // A SKU stays with its product.

  return session.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    const before = await readShelves(tx, [productId], { lock: true });
    await writePrices(tx, change, nowMs);
    await refreshSummaries(tx, [productId]);
    const variant = await readPriced(tx, change.sku);
    const after = await settleProducts(tx, [productId], nowMs);
    const shelves = { before: before.get(productId), after: after.get(productId) };
    const events = await recordEvent(
      tx,
      { type: "product.changed.v1", data: { productIds: [productId] } },
      tagsOf({ type: "product", productId, ...shelves }),
      nowMs,
    );
    return ok({ variant, events });
  });
}

async function writePrices(
  tx: SqlSession,
  { sku, priceMinor, compareAtMinor }: PriceChange,
  nowMs: number,
): Promise<void> {
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
}

async function readPriced(tx: SqlSession, sku: Sku): Promise<PricedVariant> {
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
  assert(row, "a variant is never taken away");
  const { variantId, productId, currency } = row;
  return {
    sku,
    variantId,
    productId,
    price: money(row.priceMinor, currency),
    compareAtPrice: row.compareAtMinor === null ? null : money(row.compareAtMinor, currency),
    priceFrom: money(row.priceFromMinor, currency),
  };
}
