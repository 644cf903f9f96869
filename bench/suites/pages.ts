import { type Comparison, inTurn } from "../measure/pairs.ts";
import { statementsDuring } from "../measure/statements.ts";
import { comparisonRow, row } from "../report.ts";
import { copyPages } from "../shop/page-copies.ts";
import { listedProducts, listPaths } from "../shop/page-paths.ts";
import type { Row, SuiteContext, SuiteResult } from "../suite.ts";

const HOT_PAGES = 20;
const ONCE_WITHIN_MS = 120_000;
/** KV is written behind the answer. */
const KV_WRITTEN_MS = 1_000;

type Figures = Record<"cold" | "pop" | "global" | "hot", Comparison> & { statementsOnHits: number };

/**
 * Public pages from each layer, beside a Worker that holds the same bytes. Each isolate has a memory of
 * its own, so what was cold in the first is warm in the second, from the data centre's cache; with that
 * emptied, the third reads KV; and the first, asked again, has it in memory.
 */
export async function measurePages(context: SuiteContext): Promise<SuiteResult> {
  const { shop, scale, products } = context;
  const count = Math.min(scale.pairs * scale.pagesPerTurn, products - 1);
  const kinds = {
    product: listedProducts(0, count + 1).map(({ path }) => path),
    list: await listPaths(shop.isolates[0]!, count + 1),
  };
  const rows: Row[] = [];
  const figures: Record<string, Figures> = {};
  for (const [kind, paths] of Object.entries(kinds)) {
    const { statementsOnHits, ...layers } = await measureKind(context, paths);
    figures[kind] = { ...layers, statementsOnHits };
    rows.push(
      ...Object.entries(layers).map(([layer, compared]) =>
        comparisonRow(`${kind} page, ${layer} · bare Worker`, compared),
      ),
      row(`${kind} page, hot: database statements`, statementsOnHits),
    );
  }
  return { rows, figures };
}

async function measureKind(
  { shop, generator, scale, progress }: SuiteContext,
  [sample, ...paths]: readonly string[],
): Promise<Figures> {
  const { connections, pairs, turns, turnMs } = scale;
  const { workerdPid: runtimePid } = shop;
  const [first, second, third] = shop.isolates;
  progress("rendering the bare Worker's copies");
  await copyPages(shop, [sample!, ...paths]);

  const perTurn = Math.floor(paths.length / pairs);
  const once = (url: string | undefined) => (pair: number) =>
    generator.drive({
      url: url!,
      requests: paths.slice(pair * perTurn, (pair + 1) * perTurn).map((path) => ({ path })),
      connections,
      forMs: ONCE_WITHIN_MS,
      once: true,
    });
  const compare = (url: string | undefined) =>
    inTurn({ pairs, runtimePid, ours: once(url), peer: once(shop.bareWorker) });
  await generator.drive({
    url: shop.bareWorker,
    requests: [{ path: sample! }],
    connections,
    forMs: turnMs,
  });
  for (const url of [second!, third!]) {
    await generator.drive({ url, requests: [{ path: sample! }], connections, forMs: turnMs });
  }
  const cold = await compare(first);
  const pop = await compare(second);
  await new Promise((wake) => setTimeout(wake, KV_WRITTEN_MS));
  await shop.emptyPopCache();
  const global = await compare(third);

  const requests = paths.slice(0, HOT_PAGES).map((path) => ({ path }));
  const during = (url: string | undefined) => () =>
    generator.drive({ url: url!, requests, connections, forMs: turnMs });
  await during(first)();
  const hot = await statementsDuring(shop.backends, () =>
    inTurn({ pairs, turns, runtimePid, ours: during(first), peer: during(shop.bareWorker) }),
  );
  return { cold, pop, global, hot: hot.value, statementsOnHits: hot.statements };
}
