import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Profiler, selfTimes } from "./measure/profiler.ts";
import { listedProducts, listPaths } from "./shop/page-paths.ts";
import { receive, stockedSkus } from "./shop/stock.ts";
import type { SuiteContext } from "./suite.ts";

const FOR_MS = 5_000;
const SHOWN = 40;
const HOT_PAGES = 20;

type Load = (context: SuiteContext) => Promise<() => Promise<{ requests?: number }>>;

/** What can be profiled: each prepares the shop and answers the load to run while samples are taken. */
const LOADS: Record<string, Load> = {
  hot: async ({ shop, generator, scale }) => {
    const requests = listedProducts(0, HOT_PAGES).map(({ path }) => ({ path }));
    const { connections } = scale;
    const run = () =>
      generator.drive({ url: shop.isolates[0]!, requests, connections, forMs: FOR_MS });
    await run();
    return run;
  },
  cold: async ({ shop, generator, products }) => {
    const listed = listedProducts(0, products).map(({ path }) => ({ path }));
    const lists = (await listPaths(shop.isolates[0]!, 500)).map((path) => ({ path }));
    const requests = listed.flatMap((product, at) => [product, lists[at % lists.length]!]);
    return () => generator.drive({ url: shop.uncached, requests, connections: 4, forMs: FOR_MS });
  },
  cart: async ({ shop, generator, scale, stocked }) => {
    const requests = stockedSkus(stocked).map((sku) => ({
      method: "POST",
      path: "/api/v2/cart/lines",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ sku, quantity: 1 }),
    }));
    const { connections } = scale;
    const url = shop.isolates[0]!;
    return () => generator.drive({ url, requests, connections, forMs: FOR_MS }, 201);
  },
  checkout: async ({ shop, generator, stocked }) => {
    const skus = stockedSkus(stocked);
    await receive(shop, skus, 100_000);
    const job = { url: shop.isolates[0]!, skus, shoppers: 8, forMs: FOR_MS, most: 1e9 };
    return async () => ({ requests: (await generator.rush(job)).purchases.length });
  },
};

export const PROFILES = Object.keys(LOADS);

/** Samples one isolate under one kind of load; prints where its time went and keeps the profile. */
export async function profile(name: string, context: SuiteContext, out: string): Promise<void> {
  const { shop } = context;
  const run = await LOADS[name]!(context);
  const profiler = await Profiler.attach(
    shop.inspectorUrl!,
    name === "cold" ? shop.names.uncached : shop.names.owner,
  );
  await profiler.start();
  const { requests = 0 } = await run();
  const taken = await profiler.stop();
  const file = join(dirname(out), `${name}.cpuprofile`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(taken));
  for (const { where, share } of selfTimes(taken).slice(0, SHOWN)) {
    console.log(`${(100 * share).toFixed(1).padStart(5)} %  ${where}`);
  }
  console.log(`\n${requests} done; the profile is in ${file}, for the DevTools of a browser`);
}
