import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { takeStartLock } from "../local/stack/start-lock.ts";
import { Generator } from "./load/generator.ts";
import { describeMachine, describeVersions } from "./measure/machine.ts";
import { type Options, readOptions, Usage } from "./options.ts";
import { profile } from "./profile.ts";
import { table } from "./report.ts";
import { writeResults } from "./results.ts";
import { type BuiltWorker, buildWorkers } from "./shop/build-workers.ts";
import { purgeAll } from "./shop/purge.ts";
import { loadProducts, startBenchShop } from "./shop/start-bench-shop.ts";
import type { Row } from "./suite.ts";
import { SUITES } from "./suites.ts";

/** Left over from a run: pages that would be hits where a miss is to be measured. */
const CACHES = ["workers/cache", "workers/kv"];

type Results = { rows: Row[]; figures: Record<string, object> };

/** Runs the suites that were asked for, shop by shop; answers the exit code. */
export async function bench(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    console.error(error.message);
    return 2;
  }
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  const { release } = await takeStartLock(dir, "the bench");
  try {
    const machine = describeMachine();
    console.log(`${machine.note}\n`);
    const built = await buildWorkers(join(dir, "build"));
    const results: Results = { rows: [], figures: {} };
    const about = { ...describeVersions(), machine, options };
    const save = () => writeResults(options.out, { ...about, figures: results.figures });
    for (const products of options.catalogues) {
      await runShop(options, built, products, results, save);
    }
    if (options.profile) return 0;
    console.log(`\n${table(results.rows)}\n`);
    console.log(`The figures are in ${options.out}`);
    return 0;
  } finally {
    release();
  }
}

async function runShop(
  { dir, out, only, scale, stocked, catalogues, pinned, profile: profiled }: Options,
  built: readonly BuiltWorker[],
  products: number,
  results: Results,
  save: () => void,
): Promise<void> {
  const isLast = products === catalogues.at(-1);
  const suites = SUITES.filter(
    ({ name, catalogue }) =>
      only.includes(name) &&
      (catalogue === "each" || (catalogue === "largest" ? isLast : products === catalogues[0])),
  );
  if (suites.length === 0) return;

  const own = join(dir, `shop-${products}`);
  for (const cache of CACHES) rmSync(join(own, cache), { recursive: true, force: true });
  const progress = (text: string) => console.log(`  ${text}`);
  console.log(`A shop with ${products.toLocaleString("en")} products`);
  const generator = new Generator(pinned ? 1 : undefined);
  const starting = startBenchShop(own, built, {
    runtimeCore: pinned ? 0 : undefined,
    inspected: profiled !== undefined,
  });
  const stop = onSignals(async () => {
    await generator.stop();
    // A start that is interrupted half-way is waited for: what it has started must end too.
    await starting.then((started) => started.stop()).catch(() => {});
  });
  try {
    const shop = await starting;
    await loadProducts(shop, { products, stocked });
    await purgeAll(shop, scale.settleMs);
    const context = { shop, generator, scale, products, stocked, progress };
    if (profiled) return await profile(profiled, context, out);
    for (const { name, run } of suites) {
      console.log(`${name} …`);
      const { rows, figures } = await run(context);
      const prefix = catalogues.length > 1 ? `${products.toLocaleString("en")} products · ` : "";
      for (const row of rows) results.rows.push({ ...row, figure: `${prefix}${row.figure}` });
      results.figures[name] = { ...results.figures[name], [products]: figures };
      save(); // A run takes long; what it has measured so far is not lost with what follows.
    }
  } finally {
    await stop();
  }
}

/** Ends everything once, whether the work is done or the user has seen enough. */
function onSignals(end: () => Promise<void>): () => Promise<void> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"] as const;
  const interrupted = () => {
    stop().finally(() => process.exit(130));
  };
  let ending: Promise<void> | undefined;
  const stop = () => {
    for (const signal of signals) process.off(signal, interrupted);
    ending ??= end();
    return ending;
  };
  for (const signal of signals) process.on(signal, interrupted);
  return stop;
}
