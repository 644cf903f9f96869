import { pick, seeded } from "../../samples/seeded.ts";
import type { RequestParts } from "../load/connection.ts";
import { statementsDuring } from "../measure/statements.ts";
import { zipf } from "../measure/zipf.ts";
import { row } from "../report.ts";
import { listedProducts, listPaths } from "../shop/page-paths.ts";
import { purgeAll } from "../shop/purge.ts";
import type { SuiteContext, SuiteResult } from "../suite.ts";

const SEED = 20_261_121;
const LISTS = 60;
const UNCACHED_SHARE = 1 / 10;
const WITHIN_MS = 600_000;

/** What anonymous browsing asks of the databases: the same views with the cache off, filling, and full. */
export async function measureDatabase(context: SuiteContext): Promise<SuiteResult> {
  const { shop, generator, scale, progress } = context;
  const views = await browsing(context);
  await purgeAll(shop, scale.settleMs);
  const perView = async (url: string, requests: RequestParts[], connections: number) => {
    const { statements } = await statementsDuring(shop.backends, () =>
      generator.drive({ url, requests, connections, forMs: WITHIN_MS, once: true }),
    );
    return statements / requests.length;
  };
  progress("with the cache off");
  // One at a time, since the product would render once for all who ask for the same page together.
  const some = views.slice(0, Math.ceil(views.length * UNCACHED_SHARE));
  const off = await perView(shop.uncached, some, 1);
  progress("from an empty cache, then again from the full one");
  const filling = await perView(shop.isolates[0]!, views, scale.connections);
  const full = await perView(shop.isolates[0]!, views, scale.connections);
  const fewer = (statements: number) => `${(100 * (1 - statements / off)).toFixed(2)} % fewer`;
  return {
    rows: [
      row("browsing, cache off", off, "statements a view"),
      row("browsing, from an empty cache", `${filling.toFixed(4)} a view, ${fewer(filling)}`),
      row("browsing, the same views again", `${full.toFixed(4)} a view, ${fewer(full)}`),
    ],
    figures: { views: views.length, uncachedViews: some.length, off, filling, full },
  };
}

/** Three views in four are of products, by Zipf's law; the others are of lists. The same every time. */
async function browsing({ shop, scale, products }: SuiteContext): Promise<RequestParts[]> {
  const random = seeded(SEED);
  const listed = listedProducts(0, products);
  const lists = await listPaths(shop.isolates[0]!, LISTS);
  const next = zipf(listed.length, random);
  return Array.from({ length: scale.views }, () => ({
    path: random() < 0.75 ? listed[next()]!.path : pick(random, lists),
  }));
}
