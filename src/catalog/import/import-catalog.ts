import { z } from "zod";
import type { Documents } from "../../platform/documents/documents.ts";
import { isDuplicateKey } from "../../platform/sql/errors.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { Clock } from "../../shared/clock.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { ReceiveStock } from "../model.ts";
import type { RecordedEvent } from "../outbox.ts";
import { type CsvError, decodeCsv, readCsv } from "./csv.ts";
import { type ImportPlan, type PendingReceipt, planImport } from "./plan-import.ts";
import { readKnown } from "./read-known.ts";
import { type ParsedProduct, readProducts } from "./read-products.ts";
import { Rejection } from "./rejections.ts";
import { markReceived, writePlan } from "./write-plan.ts";

export const ImportReport = z
  .object({
    created: z.int().describe("Products that are new"),
    updated: z.int().describe("Products that were there and changed"),
    skipped: z.int().describe("Products that were there and are as in the file"),
    rejected: z.array(Rejection).describe("Rows that stayed out, in the file's order"),
  })
  .meta({ id: "ImportReport" });
export type ImportReport = z.infer<typeof ImportReport>;

export type ImportDeps = {
  sql: SqlSession;
  documents: Documents;
  clock: Clock;
  /** The store's: the file's prices are in it. */
  currency: string;
  receiveStock: ReceiveStock;
  /** Tells of what was changed; called once, also when the import breaks off. Does not throw. */
  publish(events: readonly RecordedEvent[]): Promise<unknown>;
};

/**
 * Brings a catalogue file in, batch by batch. Variants that the file no longer names are kept: a row
 * of theirs may just have been rejected, and carts, orders and stock still speak of them. Stock is
 * taken for new variants only. Repeating an import is harmless, and finishes one that broke.
 *
 * @throws DependencyDown when a store did not answer; products of earlier batches are in by then.
 */
export async function importCatalog(
  deps: ImportDeps,
  bytes: ArrayBuffer,
): Promise<Result<ImportReport, CsvError>> {
  const text = decodeCsv(bytes);
  if (!text.ok) return text;
  const file = readCsv(text.value);
  if (!file.ok) return file;
  const { products, rejected } = readProducts(file.value, deps.currency);
  const report: ImportReport = { created: 0, updated: 0, skipped: 0, rejected };
  const events: RecordedEvent[] = [];
  try {
    for (const batch of batches(products)) {
      const plan = await importBatch(deps, batch, events);
      report.created += plan.created.length;
      report.updated += plan.updated.length;
      report.skipped += plan.skipped;
      report.rejected.push(...plan.rejected);
    }
  } finally {
    await deps.publish(events);
  }
  report.rejected.sort((a, b) => a.row - b.row);
  return ok(report);
}

const ATTEMPTS_MAX = 3;

/** Another import may take a handle or SKU between our look and our write: then look again. */
async function importBatch(
  deps: ImportDeps,
  batch: readonly ParsedProduct[],
  events: RecordedEvent[],
  attempt = 1,
): Promise<ImportPlan> {
  const { sql, documents, currency } = deps;
  const nowMs = deps.clock.nowMs();
  const plan = await planImport(batch, await readKnown(sql, batch), nowMs);
  try {
    events.push(...(await writePlan({ sql, documents, currency, nowMs }, plan)));
  } catch (error) {
    if (attempt < ATTEMPTS_MAX && isDuplicateKey(error))
      return importBatch(deps, batch, events, attempt + 1);
    throw error;
  }
  await deliverStock(deps, plan.receipts);
  return plan;
}

const RECEIPTS_AT_ONCE_MAX = 200;

/** Marks each part as it is taken, so that weather halfway does not send the whole batch again. */
async function deliverStock(
  { sql, receiveStock }: ImportDeps,
  receipts: readonly PendingReceipt[],
): Promise<void> {
  for (let from = 0; from < receipts.length; from += RECEIPTS_AT_ONCE_MAX) {
    const part = receipts.slice(from, from + RECEIPTS_AT_ONCE_MAX);
    await receiveStock(part.map(({ variantId: _, ...receipt }) => receipt));
    await markReceived(
      sql,
      part.map(({ variantId }) => variantId),
    );
  }
}

const BATCH_PRODUCTS_MAX = 250;
/** Bounds the statements: some hundred kilobytes each, far below the database's packet. */
const BATCH_VARIANTS_MAX = 1_000;

function* batches(products: readonly ParsedProduct[]): Generator<ParsedProduct[]> {
  let batch: ParsedProduct[] = [];
  let variants = 0;
  for (const product of products) {
    const full = batch.length === BATCH_PRODUCTS_MAX;
    if (full || (batch.length > 0 && variants + product.variants.length > BATCH_VARIANTS_MAX)) {
      yield batch;
      batch = [];
      variants = 0;
    }
    batch.push(product);
    variants += product.variants.length;
  }
  if (batch.length > 0) yield batch;
}
