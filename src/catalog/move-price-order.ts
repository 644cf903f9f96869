import { and, asc, between, gt, inArray, or, type SQL } from "drizzle-orm";
import type { EdgeFeedBinding } from "../platform/edge/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import type { CategoryId, ProductId } from "../shared/ids.ts";
import { type RecordedEvent, recordEvent } from "./outbox.ts";
import { changedBetween, nextChangeMs, type PriceRule } from "./price-rules.ts";
import { publishCatalogEvents } from "./publish-events.ts";
import { EVERY_PRICE_ORDER, type Shelf, tagsOf } from "./purge-tags.ts";
import { PRICE_RULE, readPriceRules } from "./read-price-rules.ts";
import { readShelves } from "./read-shelves.ts";
import { priceRules, productCategories, products } from "./schema.ts";
import { sortPriceOf, writeSortPrices } from "./settle-products.ts";

/** Up to when the order of prices is right, and how far the walk beyond it has come. */
export type PriceOrderProgress = {
  settledToMs: number;
  walk?: { untilMs: number; afterId: string };
};

const CHUNK_PRODUCTS = 500;
/** Bounds what one call asks of the network; the next call goes on. */
const CHUNKS_MAX = 40;
/** Looks back so far: a rule may have been made by a clock that is behind, or committed late. */
const OVERLAP_MS = 10 * 60 * 1000;

type MoveIo = Pick<Io, "sql" | "clock" | "meter">;

/**
 * Brings the places of products among prices up to date with the rules that started or ended, a
 * bounded part at a time. Safe to repeat: it writes what differs from what the rules say now. Answers
 * when to be called again: at once for the rest, or when the next rule starts or ends.
 */
export async function movePriceOrder(
  io: MoveIo,
  feed: EdgeFeedBinding,
  { settledToMs, walk }: PriceOrderProgress,
): Promise<{ progress: PriceOrderProgress; nextMs: number | undefined }> {
  const nowMs = io.clock.nowMs();
  const untilMs = walk?.untilMs ?? nowMs;
  const affected = affectedBy(io.sql, await readChanged(io.sql, settledToMs, untilMs));
  let afterId = walk?.afterId ?? "";
  for (let chunks = 0; affected && chunks < CHUNKS_MAX; chunks += 1) {
    const rows = await io.sql
      .select({ id: products.id })
      .from(products)
      .where(and(gt(products.id, afterId as ProductId), affected.which))
      .orderBy(asc(products.id))
      .limit(CHUNK_PRODUCTS);
    const ids = rows.map(({ id }) => id);
    await moveChunk(io, feed, ids);
    if (ids.length < CHUNK_PRODUCTS) return settled(io, untilMs);
    afterId = ids.at(-1)!;
  }
  if (!affected) return settled(io, untilMs);
  return { progress: { settledToMs, walk: { untilMs, afterId } }, nextMs: nowMs };
}

async function settled({ sql }: MoveIo, untilMs: number) {
  const rules = await readPriceRules(sql, untilMs);
  return { progress: { settledToMs: untilMs }, nextMs: nextChangeMs(rules, untilMs) };
}

async function readChanged(
  session: SqlSession,
  settledToMs: number,
  untilMs: number,
): Promise<PriceRule[]> {
  const afterMs = settledToMs - OVERLAP_MS;
  const rules = await session
    .select(PRICE_RULE)
    .from(priceRules)
    .where(
      or(
        between(priceRules.startsAtMs, afterMs, untilMs),
        between(priceRules.endsAtMs, afterMs, untilMs),
      ),
    );
  return rules.filter((rule) => changedBetween(rule, afterMs, untilMs));
}

/** Which products the rules are about: none, or those that fulfil a condition; no condition is all. */
function affectedBy(
  session: SqlSession,
  rules: readonly PriceRule[],
): { which: SQL | undefined } | undefined {
  if (rules.length === 0) return undefined;
  if (rules.some(({ target }) => target === "all")) return { which: undefined };
  const idsOf = (target: PriceRule["target"]) =>
    rules.flatMap((rule) => (rule.target === target && rule.targetId ? [rule.targetId] : []));
  const productIds = idsOf("product") as ProductId[];
  const categoryIds = idsOf("category") as CategoryId[];
  const members = session
    .select({ id: productCategories.productId })
    .from(productCategories)
    .where(inArray(productCategories.categoryId, categoryIds));
  return {
    which: or(
      productIds.length > 0 ? inArray(products.id, productIds) : undefined,
      categoryIds.length > 0 ? inArray(products.id, members) : undefined,
    ),
  };
}

async function moveChunk(
  io: MoveIo,
  feed: EdgeFeedBinding,
  productIds: readonly ProductId[],
): Promise<void> {
  const nowMs = io.clock.nowMs();
  const [rows, rules] = await Promise.all([
    readShelves(io.sql, productIds),
    readPriceRules(io.sql, nowMs),
  ]);
  const stale = [...rows.values()].filter(
    (row) => sortPriceOf(rules, row, nowMs) !== row.sortPriceMinor,
  );
  if (stale.length === 0) return;
  const ids = stale.map(({ productId }) => productId);
  const events = await io.sql.transaction((tx) => moveProducts(tx, ids, nowMs));
  await publishCatalogEvents(io, feed, events);
}

/** Decides again behind the lock: a price may have changed since. */
async function moveProducts(
  tx: SqlSession,
  productIds: readonly ProductId[],
  nowMs: number,
): Promise<RecordedEvent[]> {
  const rows = await readShelves(tx, productIds, { lock: true });
  const rules = await readPriceRules(tx, nowMs);
  const moves = [...rows.values()].flatMap((before) => {
    const after: Shelf = { ...before, sortPriceMinor: sortPriceOf(rules, before, nowMs) };
    return after.sortPriceMinor === before.sortPriceMinor ? [] : [{ before, after }];
  });
  if (moves.length === 0) return [];
  await writeSortPrices(
    tx,
    moves.map(({ after }) => after),
  );
  // A whole chunk is one of many: naming each place of each product would drown the feed.
  const tags =
    moves.length === CHUNK_PRODUCTS
      ? [EVERY_PRICE_ORDER]
      : moves.flatMap((move) => tagsOf({ type: "price_order", ...move }));
  const data = { productIds: moves.map(({ after }) => after.productId) };
  return recordEvent(tx, { type: "price_order.changed.v1", data }, tags, nowMs);
}
