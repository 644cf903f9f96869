import { getTableColumns, inArray, type SQL, sql } from "drizzle-orm";
import type { MySqlTable } from "drizzle-orm/mysql-core";
import type { Documents } from "../../platform/documents/documents.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { VariantId } from "../../shared/ids.ts";
import { productDocuments } from "../documents.ts";
import {
  categories,
  productCategories,
  productImages,
  productOptions,
  products,
  productTags,
  variants,
} from "../schema.ts";
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
 * every row in one transaction of few statements, so no product is ever half there.
 */
export async function writePlan(writer: PlanWriter, plan: ImportPlan): Promise<void> {
  const changed = [...plan.created, ...plan.updated];
  if (changed.length === 0) return;
  await writeDocuments(writer, changed);
  const { nowMs, currency } = writer;
  const sorted = await categoryRows(changed, nowMs);
  const rowsOf = (from: readonly PlannedProduct[]) =>
    from.map((product) => productRow(product, currency, nowMs));
  const newIds = new Set(
    changed.flatMap(({ variants: all }) => all.filter((v) => v.isNew).map((v) => v.id)),
  );
  const [fresh, stale] = split(
    changed.flatMap((product) => variantRows(product, nowMs)),
    (row) => newIds.has(row.id),
  );
  await writer.sql.transaction(async (tx) => {
    // New rows are inserted plainly: a handle or SKU that someone else just took must fail, not be overwritten.
    await insertAll(tx, products, rowsOf(plan.created));
    await overwriteAll(tx, products, rowsOf(plan.updated), ["id", "handle", "createdAtMs"]);
    await insertAll(tx, variants, fresh);
    const owned = [
      "id",
      "sku",
      "backorderSent",
      "inStock",
      "inStockVersion",
      "stockReceived",
    ] as const;
    await overwriteAll(tx, variants, stale, owned);
    await clearParts(tx, plan.updated);
    if (sorted.categories.length > 0)
      await tx.insert(categories).ignore().values(sorted.categories);
    await insertAll(tx, productCategories, sorted.memberships);
    await insertAll(tx, productOptions, changed.flatMap(optionRows));
    await insertAll(tx, productImages, changed.flatMap(imageRows));
    await insertAll(tx, productTags, changed.flatMap(tagRows));
    await refreshSummaries(
      tx,
      plan.updated.map((product) => product.id),
    );
  });
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
