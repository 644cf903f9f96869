import { readPages } from "../load/read-pages.ts";
import { row } from "../report.ts";
import { listedProducts } from "../shop/page-paths.ts";
import { newPriceMinor } from "../shop/prices.ts";
import { purgeAll } from "../shop/purge.ts";
import type { SuiteContext, SuiteResult } from "../suite.ts";

const SEED = 20_261_127;
const WRITES_PER_SECOND = 20;

/** Views by Zipf's law over four isolates while prices and stock change: from empty caches, then warmed. */
export async function measureFlashSale(context: SuiteContext): Promise<SuiteResult> {
  const { shop, generator, scale, products, progress } = context;
  const listed = listedProducts(0, Math.min(products, scale.saleProducts));
  const hold = () =>
    generator.flashSale({
      urls: [...shop.isolates],
      products: listed.map(({ sku, path }) => ({ sku, path })),
      perSecond: scale.salePerSecond,
      writesPerSecond: WRITES_PER_SECOND,
      forMs: scale.saleMs,
      staffKey: shop.backends.staffKey,
      firstPriceMinor: newPriceMinor(),
      seed: SEED,
    });
  await purgeAll(shop, scale.settleMs);
  progress("from empty caches");
  const cold = await hold();
  progress("again, with all pages warmed before");
  const paths = listed.map(({ path }) => path);
  for (const url of shop.isolates) await readPages([url], paths);
  const warm = await hold();
  const rows = Object.entries({ "from empty caches": cold, "warmed before": warm }).flatMap(
    ([title, run]) => [
      row(
        `flash sale, ${title}: hits of ${run.views} views (${run.unsent} never sent)`,
        `${(100 * run.hitShare).toFixed(2)} %`,
      ),
      row(
        `flash sale, ${title}: p50 · p99`,
        `${run.p50Ms.toFixed(2)} · ${run.p99Ms.toFixed(1)} ms`,
      ),
      row(`flash sale, ${title}: stale answers past their time`, run.stale),
      row(
        `flash sale, ${title}: renders beyond one per page, purge and isolate`,
        run.rendersAboveOnePerPurge,
      ),
    ],
  );
  return { rows, figures: { cold, warm } };
}
