import { sql } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { ProductId } from "../shared/ids.ts";
import { type PriceRule, priceUnder, rulesFor } from "./price-rules.ts";
import type { Shelf } from "./purge-tags.ts";
import { readPriceRules } from "./read-price-rules.ts";
import { readShelves, type ShelfRow } from "./read-shelves.ts";
import { productCategories, products, productTags } from "./schema.ts";
import { BY_ID } from "./summaries.ts";

/** A product's lowest price under the rules of a moment: what lists sort and filter by. */
export const sortPriceOf = (rules: readonly PriceRule[], row: ShelfRow, nowMs: number): number =>
  priceUnder(rulesFor(rules, row), { priceMinor: row.priceFromMinor, compareAtMinor: null }, nowMs)
    .priceMinor;

/**
 * Brings sort prices in step with what was just written, and answers where the products stand now.
 * Call it at the end of the transaction: it reads the rules after the products were locked, so a rule
 * that it does not see is one that the price clock applies after it.
 */
export async function settleProducts(
  tx: SqlSession,
  productIds: readonly ProductId[],
  nowMs: number,
): Promise<Map<ProductId, Shelf>> {
  const rows = await readShelves(tx, productIds);
  const rules = await readPriceRules(tx, nowMs);
  const settled = [...rows.values()].map((row) => ({
    ...row,
    sortPriceMinor: sortPriceOf(rules, row, nowMs),
  }));
  await writeSortPrices(
    tx,
    settled.filter((row) => rows.get(row.productId)?.sortPriceMinor !== row.sortPriceMinor),
  );
  return new Map(settled.map((row) => [row.productId, row]));
}

/** Writes sort prices, and their copies beside the members of categories and tags. */
export async function writeSortPrices(
  tx: SqlSession,
  rows: readonly Pick<Shelf, "productId" | "sortPriceMinor">[],
): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ productId }) => productId);
  const cases = rows.map(
    ({ productId, sortPriceMinor }) => sql`WHEN ${productId} THEN ${sortPriceMinor}`,
  );
  await tx.execute(sql`UPDATE ${products} p ${BY_ID}
    SET p.sort_price_minor = CASE p.id ${sql.join(cases, sql` `)} END WHERE p.id IN ${ids}`);
  await tx.execute(sql`UPDATE ${products} p ${BY_ID}
    LEFT JOIN ${productCategories} pc ${BY_ID} ON pc.product_id = p.id
    LEFT JOIN ${productTags} pt ${BY_ID} ON pt.product_id = p.id
    SET pc.sort_price_minor = p.sort_price_minor, pt.sort_price_minor = p.sort_price_minor
    WHERE p.id IN ${ids}`);
}
