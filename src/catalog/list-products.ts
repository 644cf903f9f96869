import { and, asc, desc, eq, gt, gte, inArray, lt, lte, or, type SQL } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { ProductId } from "../shared/ids.ts";
import { money } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { cursorScope, decodeCursor, encodeCursor } from "./cursor.ts";
import { tagKey } from "./import/read-head.ts";
import type { ProductList, ProductSummary, Sort } from "./model.ts";
import { categories, productCategories, products, productTags } from "./schema.ts";

export type ProductFilters = {
  category?: string | undefined;
  vendor?: string | undefined;
  type?: string | undefined;
  tag?: string | undefined;
  minPriceMinor?: number | undefined;
  maxPriceMinor?: number | undefined;
};
export type ProductQuery = {
  filters: ProductFilters;
  sort: Sort;
  limit: number;
  cursor?: string | undefined;
};

const ORDERS = {
  title: { column: products.title, key: "title", descending: false, kind: "string" },
  "-title": { column: products.title, key: "title", descending: true, kind: "string" },
  price: {
    column: products.priceFromMinor,
    key: "priceFromMinor",
    descending: false,
    kind: "number",
  },
  "-price": {
    column: products.priceFromMinor,
    key: "priceFromMinor",
    descending: true,
    kind: "number",
  },
  newest: { column: products.createdAtMs, key: "createdAtMs", descending: true, kind: "number" },
} as const;

/**
 * One page of published products, in one statement whatever its length. It continues from the last
 * row's key instead of a count, so products that come or go between pages shift nothing.
 */
export async function listProducts(
  session: SqlSession,
  { filters, sort, limit, cursor }: ProductQuery,
): Promise<Result<ProductList, { code: "cursor_invalid" }>> {
  const scope = await cursorScope(["products", sort, filters]);
  const order = ORDERS[sort];
  const after = cursor === undefined ? undefined : decodeCursor(scope, cursor, order.kind);
  if (cursor !== undefined && !after) return err({ code: "cursor_invalid" });

  const direction = order.descending ? desc : asc;
  const rows = await session
    .select(SUMMARY)
    .from(products)
    .where(
      and(eq(products.published, true), ...filterBy(session, filters), after && past(order, after)),
    )
    .orderBy(direction(order.column), direction(products.id))
    .limit(limit + 1);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return ok({
    items: shown.map(productSummary),
    nextCursor: last ? encodeCursor(scope, { key: last[order.key], id: last.id }) : null,
  });
}

type Order = (typeof ORDERS)[Sort];

/** `key >= k AND (key > k OR id > i)`: the first half is what an index can seek to. */
function past({ column, descending }: Order, { key, id }: { key: string | number; id: string }) {
  const lastId = id as ProductId;
  return descending
    ? and(lte(column, key), or(lt(column, key), lt(products.id, lastId)))
    : and(gte(column, key), or(gt(column, key), gt(products.id, lastId)));
}

function filterBy(session: SqlSession, filters: ProductFilters): (SQL | undefined)[] {
  const { category, vendor, type, tag, minPriceMinor, maxPriceMinor } = filters;
  return [
    vendor === undefined ? undefined : eq(products.vendor, vendor),
    type === undefined ? undefined : eq(products.productType, type),
    minPriceMinor === undefined ? undefined : gte(products.priceFromMinor, minPriceMinor),
    maxPriceMinor === undefined ? undefined : lte(products.priceFromMinor, maxPriceMinor),
    category === undefined ? undefined : inArray(products.id, inCategory(session, category)),
    tag === undefined ? undefined : inArray(products.id, withTag(session, tag)),
  ];
}

const inCategory = (session: SqlSession, handle: string) =>
  session
    .select({ id: productCategories.productId })
    .from(productCategories)
    .innerJoin(categories, eq(categories.id, productCategories.categoryId))
    .where(eq(categories.handle, handle));

const withTag = (session: SqlSession, tag: string) =>
  session
    .select({ id: productTags.productId })
    .from(productTags)
    .where(eq(productTags.tagKey, tagKey(tag)));

const SUMMARY = {
  id: products.id,
  handle: products.handle,
  title: products.title,
  vendor: products.vendor,
  productType: products.productType,
  tags: products.tags,
  currency: products.currency,
  priceFromMinor: products.priceFromMinor,
  compareAtFromMinor: products.compareAtFromMinor,
  imageUrl: products.imageUrl,
  imageAlt: products.imageAlt,
  inStock: products.inStock,
  createdAtMs: products.createdAtMs,
};

type SummaryRow = { [K in keyof typeof SUMMARY]: (typeof products.$inferSelect)[K] };

function productSummary(row: SummaryRow): ProductSummary {
  const { id, handle, title, vendor, productType, currency, compareAtFromMinor, imageUrl } = row;
  return {
    id,
    handle,
    title,
    vendor,
    productType,
    priceFrom: money(row.priceFromMinor, currency),
    ...(compareAtFromMinor === null ? {} : { compareAtFrom: money(compareAtFromMinor, currency) }),
    ...(imageUrl === null ? {} : { image: { url: imageUrl, alt: row.imageAlt } }),
    inStock: row.inStock,
    tags: row.tags,
  };
}
