import { inArray } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { ProductId } from "../shared/ids.ts";
import { CATEGORY_IDS } from "./category-ids.ts";
import { lookupKey } from "./lookup-key.ts";
import type { Shelf } from "./purge-tags.ts";
import { products } from "./schema.ts";

/** With the price that the sort price follows from. */
export type ShelfRow = Shelf & { priceFromMinor: number };

/**
 * Where products stand now. With `lock` nobody else changes them before the transaction ends: ask so
 * only for products that are there, because what is not there would lock its neighbours instead.
 */
export async function readShelves(
  session: SqlSession,
  productIds: readonly ProductId[],
  { lock = false } = {},
): Promise<Map<ProductId, ShelfRow>> {
  if (productIds.length === 0) return new Map();
  const query = session
    .select({
      productId: products.id,
      published: products.published,
      title: products.title,
      vendorKey: products.vendorKey,
      typeKey: products.typeKey,
      tags: products.tags,
      categoryIds: CATEGORY_IDS,
      sortPriceMinor: products.sortPriceMinor,
      priceFromMinor: products.priceFromMinor,
    })
    .from(products)
    .where(inArray(products.id, [...productIds]))
    .orderBy(products.id);
  const rows = await (lock ? query.for("update") : query);
  return new Map(
    rows.map(({ tags, categoryIds, ...row }) => [
      row.productId,
      { ...row, tagKeys: tags.map(lookupKey), categoryIds: categoryIds ?? [] },
    ]),
  );
}
