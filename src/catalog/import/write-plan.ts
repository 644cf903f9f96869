import { getTableColumns, inArray, type SQL, sql } from "drizzle-orm";
import type { MySqlTable } from "drizzle-orm/mysql-core";
import type { Documents } from "../../platform/documents/documents.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { ProductId, VariantId } from "../../shared/ids.ts";
import { productDocuments } from "../documents.ts";
import { type RecordedEvent, recordEvent } from "../outbox.ts";
import { type Shelf, tagsOf } from "../purge-tags.ts";
import { readShelves } from "../read-shelves.ts";
import {
  categories,
  productCategories,
  productImages,
  productOptions,
  products,
  productTags,
  variants,
} from "../schema.ts";
import { settleProducts } from "../settle-products.ts";
import { refreshSummaries } from "../summaries.ts";
import type { ImportPlan, PlannedProduct } from "./plan-import.ts";
import {
  categoryRows,
  documentRow,
  imageRows,
  optionRows,
  productRow,
  tagRows,
  variantRows,
} from "./rows.ts";

export type PlanWriter = {
  sql: SqlSession;
  documents: Documents;
  currency: string;
  nowMs: number;
};

/**
 * Writes one batch: the documents first, because a document without a product harms nobody, then
 * every row in one transaction of few statements, so no product is ever half there. Answers the event
 * that was recorded with it, to be published now.
 */
export async function writePlan(writer: PlanWriter, plan: ImportPlan): Promise<RecordedEvent[]> {
  const changed = [...plan.created, ...plan.updated];
  if (changed.length === 0) return [];
  await writeDocuments(writer, changed);
  const rows = await rowsOf(writer, plan, changed);
  return writer.sql.transaction(async (tx) => {
    const updatedIds = plan.updated.map(({ id }) => id);
    const before = await readShelves(tx, updatedIds, { lock: true });
    await writeRows(tx, plan, rows);
    await refreshSummaries(tx, updatedIds);
    const productIds = changed.map(({ id }) => id);
    const after = await settleProducts(tx, productIds, writer.nowMs);
    return recordEvent(
      tx,
      { type: "product.changed.v1", data: { productIds } },
      purgedBy(productIds, before, after),
      writer.nowMs,
    );
  });
}

const purgedBy = (
  productIds: readonly ProductId[],
  before: ReadonlyMap<ProductId, Shelf>,
  after: ReadonlyMap<ProductId, Shelf>,
) =>
  productIds.flatMap((productId) =>
    tagsOf({
      type: "product",
      productId,
      before: before.get(productId),
      after: after.get(productId),
    }),
  );

async function rowsOf(
  { nowMs, currency }: PlanWriter,
  plan: ImportPlan,
  changed: readonly PlannedProduct[],
) {
  const productRows = (from: readonly PlannedProduct[]) =>
    from.map((product) => productRow(product, currency, nowMs));
  const newIds = new Set(
    changed.flatMap(({ variants: all }) => all.filter((v) => v.isNew).map((v) => v.id)),
  );
  const [fresh, stale] = split(
    changed.flatMap((product) => variantRows(product, nowMs)),
    (row) => newIds.has(row.id),
  );
  return {
    created: productRows(plan.created),
    updated: productRows(plan.updated),
    freshVariants: fresh,
    staleVariants: stale,
    ...(await categoryRows(changed, nowMs)),
    options: changed.flatMap(optionRows),
    images: changed.flatMap(imageRows),
    tags: changed.flatMap(tagRows),
  };
}

/** An update never touches what inventory owns. */
const VARIANT_COLUMNS_KEPT = [
  "id",
  "sku",
  "backorderSent",
  "inStock",
  "inStockVersion",
  "stockReceived",
] as const;

async function writeRows(
  tx: SqlSession,
  plan: ImportPlan,
  rows: Awaited<ReturnType<typeof rowsOf>>,
): Promise<void> {
  // New rows are inserted plainly: a handle or SKU that someone else just took must fail, not be overwritten.
  await insertAll(tx, products, rows.created);
  await overwriteAll(tx, products, rows.updated, ["id", "handle", "createdAtMs"]);
  await insertAll(tx, variants, rows.freshVariants);
  await overwriteAll(tx, variants, rows.staleVariants, VARIANT_COLUMNS_KEPT);
  await clearParts(tx, plan.updated);
  if (rows.categories.length > 0) await tx.insert(categories).ignore().values(rows.categories);
  await insertAll(tx, productCategories, rows.memberships);
  await insertAll(tx, productOptions, rows.options);
  await insertAll(tx, productImages, rows.images);
  await insertAll(tx, productTags, rows.tags);
}

async function writeDocuments(
  { documents, nowMs }: PlanWriter,
  changed: readonly PlannedProduct[],
): Promise<void> {
  await documents
    .insert(productDocuments)
    .values(changed.map((product) => documentRow(product, nowMs)))
    .onConflictDoUpdate({
      target: productDocuments.productId,
      set: {
        handle: sql`excluded.handle`,
        descriptionHtml: sql`excluded.description_html`,
        attributes: sql`excluded.attributes`,
        seo: sql`excluded.seo`,
        updatedAtMs: sql`excluded.updated_at_ms`,
      },
    });
}

/** Marks what inventory has taken, so that it is not sent again. */
export async function markReceived(
  session: SqlSession,
  variantIds: readonly VariantId[],
): Promise<void> {
  await session
    .update(variants)
    .set({ stockReceived: true, backorderSent: sql`${variants.backorder}` })
    .where(inArray(variants.id, [...variantIds]));
}

async function insertAll<T extends MySqlTable>(
  session: SqlSession,
  table: T,
  rows: T["$inferInsert"][],
): Promise<void> {
  if (rows.length > 0) await session.insert(table).values(rows);
}

/** Updates many rows in one statement, each by its primary key, all columns but the `kept` ones. */
async function overwriteAll<T extends MySqlTable>(
  session: SqlSession,
  table: T,
  rows: T["$inferInsert"][],
  kept: readonly (keyof T["_"]["columns"])[],
): Promise<void> {
  if (rows.length === 0) return;
  const columns = Object.entries(getTableColumns(table)).filter(([key]) => !kept.includes(key));
  const set = Object.fromEntries(
    columns.map(([key, { name }]): [string, SQL] => [key, sql`VALUES(${sql.identifier(name)})`]),
  );
  await session
    .insert(table)
    .values(rows)
    .onDuplicateKeyUpdate({ set: set as never });
}

async function clearParts(session: SqlSession, updated: readonly PlannedProduct[]): Promise<void> {
  if (updated.length === 0) return;
  const ids = updated.map((product) => product.id);
  for (const table of [productCategories, productOptions, productImages, productTags]) {
    await session.delete(table).where(inArray(table.productId, ids));
  }
}

function split<T>(rows: readonly T[], test: (row: T) => boolean): [T[], T[]] {
  return [rows.filter(test), rows.filter((row) => !test(row))];
}
