import { median } from "../load/latencies.ts";
import { type PageRead, readPages } from "../load/read-pages.ts";
import { row } from "../report.ts";
import { listedProducts, listPaths } from "../shop/page-paths.ts";
import { changePrice, newPriceMinor, repriceMany } from "../shop/prices.ts";
import { EFFECTIVE_WITHIN_MS } from "../shop/purge.ts";
import type { BenchShop } from "../shop/start-bench-shop.ts";
import type { SuiteContext, SuiteResult } from "../suite.ts";

/** A purge that takes longer counts as one that never comes. */
const GIVE_UP_MS = 10_000;
const PRODUCT_SHARE = 2 / 3;

/** How soon a change is seen everywhere, and whether exactly the right pages were purged. */
export async function measurePurge(context: SuiteContext): Promise<SuiteResult> {
  const one = await purgeOne(context);
  const many = await purgeMany(context);
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;
  return {
    rows: [
      row("purge, one product: from answer to fresh everywhere, p50", one.p50Ms, "ms"),
      row("purge, one product: the slowest", one.maxMs, "ms"),
      row(
        `re-pricing ${many.repriced} over ${many.pages} pages: last stale answer`,
        many.lastStaleMs,
        "ms after the answer",
      ),
      row(`re-pricing: pages missed, of ${many.changed} that changed`, many.missed),
      row("re-pricing: purged without need, of all pages", percent(many.needless, many.pages)),
    ],
    figures: { one, many },
  };
}

async function purgeOne({ shop, scale }: SuiteContext) {
  const delaysMs: number[] = [];
  for (const { sku, path } of listedProducts(0, scale.tagPurges)) {
    for (const url of shop.isolates) await readPages([url], [path]);
    const amount = newPriceMinor();
    const { answeredAtMs } = await changePrice(shop, sku, amount);
    const freshAtMs = await Promise.all(
      shop.isolates.map((url) => whenFresh(new URL(path, url), amount, answeredAtMs)),
    );
    delaysMs.push(Math.max(...freshAtMs) - answeredAtMs);
  }
  return { purges: delaysMs.length, p50Ms: median(delaysMs), maxMs: Math.max(...delaysMs) };
}

/** When the first answer with the price came. */
async function whenFresh(url: URL, amount: number, answeredAtMs: number): Promise<number> {
  for (;;) {
    const page = (await (await fetch(url)).json()) as { variants: { price: { amount: number } }[] };
    const nowMs = performance.now();
    if (page.variants[0]?.price.amount === amount) return nowMs;
    if (nowMs - answeredAtMs > GIVE_UP_MS) throw new Error(`${url} stays stale`);
  }
}

async function purgeMany({ shop, scale, products, progress }: SuiteContext) {
  const { cachedPages, repriced } = scale;
  const ofProducts = Math.min(products, Math.ceil(cachedPages * PRODUCT_SHARE));
  const paths = [
    ...listedProducts(0, ofProducts).map(({ path }) => path),
    ...(await listPaths(shop.isolates[0]!, cachedPages - ofProducts)),
  ];
  progress(`rendering ${paths.length} pages`);
  await readPages([shop.isolates[0]!], paths);
  const before = await readPages(shop.isolates, paths);
  const notCached = before.filter(({ layer }) => layer === "miss").length;

  progress(`re-pricing ${repriced} products at once`);
  const answeredAtMs = await repriceMany(shop, repriced);
  const lastStaleMs = await watchStale(shop, paths.slice(0, repriced), before, answeredAtMs);
  // From here on no answer may be stale, so a page that was missed is found even if it mends later.
  progress("reading every page, and rendering every page anew");
  const after = await readPages(shop.isolates, paths);
  const fresh = await readPages([shop.uncached], paths);
  return {
    pages: paths.length,
    repriced,
    notCached,
    lastStaleMs,
    ...compare(before, after, fresh),
  };
}

/** Reads the re-priced pages from all isolates until all must be fresh; answers when the last stale one came. */
async function watchStale(
  { isolates }: BenchShop,
  paths: readonly string[],
  before: readonly PageRead[],
  answeredAtMs: number,
): Promise<number> {
  const dueAtMs = answeredAtMs + EFFECTIVE_WITHIN_MS;
  let lastStaleMs = 0;
  while (performance.now() < dueAtMs) {
    for (const url of isolates) {
      const reads = await readPages([url], paths);
      for (const [at, { hash, atMs }] of reads.entries()) {
        if (hash === before[at]!.hash) lastStaleMs = Math.max(lastStaleMs, atMs - answeredAtMs);
      }
    }
  }
  return lastStaleMs;
}

function compare(
  before: readonly PageRead[],
  after: readonly PageRead[],
  fresh: readonly PageRead[],
) {
  let [changed, missed, needless] = [0, 0, 0];
  fresh.forEach(({ hash }, at) => {
    const isChanged = hash !== before[at]!.hash;
    if (isChanged) changed += 1;
    if (after[at]!.hash !== hash) missed += 1;
    if (!isChanged && after[at]!.layer === "miss") needless += 1;
  });
  return { changed, missed, needless };
}
