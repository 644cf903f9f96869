import { and, asc, desc, eq, gt, gte, inArray, lt, lte, or, type SQL } from "drizzle-orm";
import type { MySqlColumn } from "drizzle-orm/mysql-core";
import type { SqlSession } from "../platform/sql/session.ts";
import type { CategoryId } from "../shared/ids.ts";
import { money } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { CATEGORY_IDS } from "./category-ids.ts";
import { cursorScope, decodeCursor, encodeCursor, type Position } from "./cursor.ts";
import { categoryIdOf } from "./import/ids.ts";
import type { ProductList, ProductSummary, Sort } from "./model.ts";
import { type ListKeys, listPageTags, sureListTags } from "./page-tags.ts";
import { nextChangeMs, type PriceRule, priceUnder, rulesFor } from "./price-rules.ts";
import { readPriceRules } from "./read-price-rules.ts";
import type { Page } from "./render.ts";
import { productCategories, products, productTags } from "./schema.ts";

/** `vendor`, `type` and `tag` are lookup keys, so that all ways of writing one mean the same page. */
export type ProductFilters = {
  /** A category's handle. */
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
  title: { key: "title", descending: false, kind: "string" },
  "-title": { key: "title", descending: true, kind: "string" },
  price: { key: "sortPriceMinor", descending: false, kind: "number" },
  "-price": { key: "sortPriceMinor", descending: true, kind: "number" },
  newest: { key: "createdAtMs", descending: true, kind: "number" },
} as const;

type Order = (typeof ORDERS)[Sort];

/**
 * One page of published products, in one step whatever its length. It continues from the last row's
 * key instead of a count, so products that come or go between pages shift nothing. What it shows is
 * priced at `nowMs`; its order is that of the prices as last brought up to date.
 */
export async function listProducts(
  session: SqlSession,
  { filters, sort, limit, cursor }: ProductQuery,
  nowMs: number,
): Promise<Result<Page<ProductList>, { code: "cursor_invalid" }>> {
  const scope = await cursorScope(["products", sort, filters]);
  const order = ORDERS[sort];
  const after = cursor === undefined ? undefined : decodeCursor(scope, cursor, order.kind);
  if (cursor !== undefined && !after) return err({ code: "cursor_invalid" });

  const keys = await keysOf(filters);
  const [rows, rules] = await Promise.all([
    readRows(session, { keys, filters, order, after, limit: limit + 1 }),
    readPriceRules(session, nowMs),
  ]);
  const shown = rows.slice(0, limit).map((row) => shownSummary(row, rules, nowMs));
  const next = rows[limit];
  const last = next && rows[limit - 1];
  const tags = listPageTags({
    keys,
    sort,
    filters,
    after,
    lastPriceMinor: last?.sortPriceMinor,
    shown,
    nextId: next?.id,
  });
  const validUntilMs = nextChangeMs(
    shown.flatMap((product) => product.rules),
    nowMs,
  );
  return ok({
    body: {
      items: shown.map(({ summary }) => summary),
      nextCursor: last ? encodeCursor(scope, { key: last[order.key], id: last.id }) : null,
    },
    tags,
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
  });
}

/** What will surely be among the page's tags. */
export const sureTagsOf = async ({ filters }: ProductQuery): Promise<string[]> =>
  sureListTags(await keysOf(filters));

// Ids follow from handles, so a category need not be looked up, nor be there yet.
const keysOf = async ({ category, vendor, type, tag }: ProductFilters): Promise<ListKeys> => ({
  categoryId: category === undefined ? undefined : await categoryIdOf(category),
  vendor,
  type,
  tag,
});

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
  sortPriceMinor: products.sortPriceMinor,
  imageUrl: products.imageUrl,
  imageAlt: products.imageAlt,
  inStock: products.inStock,
  createdAtMs: products.createdAtMs,
  categoryIds: CATEGORY_IDS,
};

type ProductRow = Omit<typeof products.$inferSelect, "categoryIds">;
type SummaryRow = { [K in Exclude<keyof typeof SUMMARY, "categoryIds">]: ProductRow[K] } & {
  categoryIds: CategoryId[] | null;
};

type Wanted = {
  keys: ListKeys;
  filters: ProductFilters;
  order: Order;
  after: Position | undefined;
  limit: number;
};

/**
 * The members of a category or of a tag are read from their own table, which has the sort keys beside
 * them: so the database walks an index in order and stops, however many members there are.
 */
async function readRows(session: SqlSession, wanted: Wanted): Promise<SummaryRow[]> {
  const { keys, limit } = wanted;
  const query = session.select(SUMMARY);
  if (keys.categoryId !== undefined) {
    return query
      .from(productCategories)
      .innerJoin(products, eq(products.id, productCategories.productId))
      .where(
        and(
          eq(productCategories.categoryId, keys.categoryId),
          ...inOrder(productCategories, productCategories.productId, wanted),
          ...others(session, wanted),
        ),
      )
      .orderBy(...orderBy(productCategories, productCategories.productId, wanted.order))
      .limit(limit);
  }
  if (keys.tag !== undefined) {
    return query
      .from(productTags)
      .innerJoin(products, eq(products.id, productTags.productId))
      .where(
        and(
          eq(productTags.tagKey, keys.tag),
          ...inOrder(productTags, productTags.productId, wanted),
          ...others(session, wanted),
        ),
      )
      .orderBy(...orderBy(productTags, productTags.productId, wanted.order))
      .limit(limit);
  }
  return query
    .from(products)
    .where(and(...inOrder(products, products.id, wanted), ...others(session, wanted)))
    .orderBy(...orderBy(products, products.id, wanted.order))
    .limit(limit);
}

/** A table that is sorted by; they differ in types only. */
type Sorted = Record<"title" | "sortPriceMinor" | "createdAtMs" | "published", MySqlColumn>;

function orderBy(table: Sorted, id: MySqlColumn, { key, descending }: Order): SQL[] {
  const direction = descending ? desc : asc;
  return [direction(table[key]), direction(id)];
}

function inOrder(table: Sorted, id: MySqlColumn, { filters, order, after }: Wanted) {
  const { minPriceMinor, maxPriceMinor } = filters;
  return [
    eq(table.published, true),
    minPriceMinor === undefined ? undefined : gte(table.sortPriceMinor, minPriceMinor),
    maxPriceMinor === undefined ? undefined : lte(table.sortPriceMinor, maxPriceMinor),
    after && past(table[order.key], id, order, after),
  ];
}

/** `key >= k AND (key > k OR id > i)`: the first half is what an index can seek to. */
function past(column: Sorted[Order["key"]], id: MySqlColumn, order: Order, after: Position) {
  return order.descending
    ? and(lte(column, after.key), or(lt(column, after.key), lt(id, after.id)))
    : and(gte(column, after.key), or(gt(column, after.key), gt(id, after.id)));
}

function others(session: SqlSession, { keys }: Wanted) {
  const { categoryId, vendor, type, tag } = keys;
  const isAlsoTagged = categoryId !== undefined && tag !== undefined;
  const tagged = session.select({ id: productTags.productId }).from(productTags);
  return [
    vendor === undefined ? undefined : eq(products.vendorKey, vendor),
    type === undefined ? undefined : eq(products.typeKey, type),
    isAlsoTagged ? inArray(products.id, tagged.where(eq(productTags.tagKey, tag))) : undefined,
  ];
}

function shownSummary(row: SummaryRow, allRules: readonly PriceRule[], nowMs: number) {
  const product = { productId: row.id, categoryIds: row.categoryIds ?? [] };
  const rules = rulesFor(allRules, product);
  const prices = { priceMinor: row.priceFromMinor, compareAtMinor: row.compareAtFromMinor };
  const { priceMinor, compareAtMinor, ruleId } = priceUnder(rules, prices, nowMs);
  const { id, handle, title, vendor, productType, currency, imageUrl, inStock, tags } = row;
  const summary: ProductSummary = {
    id,
    handle,
    title,
    vendor,
    productType,
    priceFrom: money(priceMinor, currency),
    ...(compareAtMinor === null ? {} : { compareAtFrom: money(compareAtMinor, currency) }),
    ...(imageUrl === null ? {} : { image: { url: imageUrl, alt: row.imageAlt } }),
    inStock,
    tags,
  };
  return { ...product, ruleIds: ruleId === undefined ? [] : [ruleId], rules, summary };
}
