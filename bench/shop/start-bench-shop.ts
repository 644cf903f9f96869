import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedCsv } from "../../local/catalog/generated.ts";
import { loadChunk } from "../../local/catalog/load-catalog.ts";
import { ProgressLine } from "../../local/catalog/progress-line.ts";
import { migrate } from "../../local/migrate.ts";
import { type Backends, startBackends } from "../../local/stack/backends.ts";
import { REPOSITORY } from "../../local/stack/runtime.ts";
import type { BuiltWorker } from "./build-workers.ts";
import { HelperProcess } from "./helper-process.ts";
import type { WorkerSpec } from "./miniflare.ts";
import type { RuntimeCommand, RuntimeStarted } from "./runtime-process.ts";

/** Copies of the storefront, each an isolate with a memory of its own, on one feed, cache and KV. */
const ISOLATES = 4;
const FREE_PORTS = {
  messages: 0,
  deliveries: 0,
  stripe: 0,
  mysql: 0,
  planetscale: 0,
  planetscaleReplica: 0,
  neon: 0,
  redis: { session: 0, user: 0, payment: 0, buffer: 0, blocklist: 0, content: 0 },
};
const CHUNK_PRODUCTS = 1_000;
/** As many wrong passwords as a measurement takes; they are counted as always. */
const LIMITS = JSON.stringify({
  "sign-in": { tries: 1_000_000, strangers: { tries: 1_000_000, perMs: 1_000 } },
  "account-mail": { tries: 1_000 },
});

export type BenchShop = {
  readonly backends: Backends;
  /** One address per isolate. The first owns the objects. */
  readonly isolates: readonly string[];
  /** A storefront whose page cache is off, because it cannot hear of purges. */
  readonly uncached: string;
  readonly bareWorker: string;
  readonly bareObject: string;
  /** Holds one unit of the SKU in its query string, at a shard if it names their count. */
  readonly holdDriver: string;
  /** Hashes a password at the cost in its query string. */
  readonly hashDriver: string;
  readonly workerdPid: number;
  /** Where profilers attach, and under which names; only when the shop was started for that. */
  readonly inspectorUrl: string | undefined;
  readonly names: { owner: string; uncached: string };
  /** Empties the data centre's cache (L1), as an eviction would. */
  emptyPopCache(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts backends in this process and all Workers, with the two peers, in another. */
export async function startBenchShop(
  dir: string,
  built: readonly BuiltWorker[],
  { runtimeCore, inspected }: { runtimeCore: number | undefined; inspected: boolean },
): Promise<BenchShop> {
  mkdirSync(dir, { recursive: true });
  const backends = await startBackends({ dir, ports: FREE_PORTS, log: () => {} });
  const runtime = new HelperProcess<RuntimeCommand, RuntimeStarted | number>(
    new URL("./runtime-process.ts", import.meta.url),
    {
      ...(runtimeCore === undefined ? {} : { core: runtimeCore }),
      logFile: join(dir, "logs", "workers.log"),
    },
  );
  const stop = async () => {
    await runtime.stop();
    await backends.stop();
  };
  try {
    const { MYSQL_URL, NEON_URL, NEON_ENDPOINT } = backends.vars;
    await migrate({
      mysqlUrl: String(MYSQL_URL),
      neonUrl: String(NEON_URL),
      neonEndpoint: NEON_ENDPOINT,
    });
    const { isolates, uncached, consumers } = shopWorkers(built, { ...backends.vars, LIMITS });
    const workers = [...isolates, uncached, ...consumers, ...peers(isolates[0]!.name)];
    const started = await runtime.ask({ command: "start", dir, workers, inspected });
    const { urls, workerdPid, inspectorUrl } = started as RuntimeStarted;
    return {
      backends,
      isolates: isolates.map(({ name }) => urls[name]!),
      uncached: urls[uncached.name]!,
      bareWorker: urls["bare-worker"]!,
      bareObject: urls["bare-object"]!,
      holdDriver: urls["hold-driver"]!,
      hashDriver: urls["hash-driver"]!,
      workerdPid,
      inspectorUrl,
      names: { owner: isolates[0]!.name, uncached: uncached.name },
      async emptyPopCache() {
        await runtime.ask({ command: "empty-cache" });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const nameOf = ({ config }: BuiltWorker) =>
  /^name = "(.+)"$/m.exec(readFileSync(config, "utf8"))![1]!;

/** The shop's Workers as they are deployed, and copies of the storefront that use its objects. */
function shopWorkers(
  built: readonly BuiltWorker[],
  vars: Backends["vars"],
): { isolates: WorkerSpec[]; uncached: WorkerSpec; consumers: WorkerSpec[] } {
  const specs = built.map((worker) => ({
    name: nameOf(worker),
    config: worker.config,
    script: join(worker.outDir, "index.js"),
    vars,
  }));
  const [storefront, ...consumers] = specs;
  if (!storefront) throw new Error("no Worker was built");
  const copies = Array.from({ length: ISOLATES - 1 }, (_, at) => ({
    ...storefront,
    name: `${storefront.name}-isolate-${at + 2}`,
    isolateOf: storefront.name,
  }));
  const uncached = {
    ...storefront,
    name: `${storefront.name}-uncached`,
    isolateOf: storefront.name,
    objects: { EDGE_FEED: { className: "DeafFeedObject", scriptName: "deaf-feed" } },
  };
  return { isolates: [storefront, ...copies], uncached, consumers };
}

/** Workers of the bench's own, in the same runtime. */
function peers(storefront: string): WorkerSpec[] {
  const script = (name: string) => join(REPOSITORY, `bench/peers/${name}.js`);
  const stock = {
    SKU_STOCK: { className: "SkuStockObject", scriptName: storefront },
    SKU_SHARD: { className: "StockShardObject", scriptName: storefront },
  };
  return [
    { name: "bare-worker", script: script("bare-worker") },
    {
      name: "bare-object",
      script: script("bare-object"),
      objects: { OBJECT: { className: "BareObject", useSQLite: true } },
    },
    {
      name: "deaf-feed",
      script: script("deaf-feed"),
      objects: { SELF: { className: "DeafFeedObject", useSQLite: true } },
    },
    { name: "hold-driver", script: script("hold-driver"), objects: stock },
    { name: "hash-driver", script: script("hash-driver") },
  ];
}

/** Fills the shop with so many products, as `npm run generate` does, unless it has been. */
export async function loadProducts(
  { isolates, backends }: BenchShop,
  { products, stocked }: { products: number; stocked: number },
): Promise<void> {
  // Written last: a load that was cut off is repeated from the start, and changes nothing twice.
  const marker = join(backends.dir, "loaded.json");
  const wanted = JSON.stringify({ products, stocked });
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;

  const target = { url: isolates[0]!.replace(/\/$/, ""), key: backends.staffKey };
  const progress = new ProgressLine("products", products);
  for (let from = 0; from < products; from += CHUNK_PRODUCTS) {
    const to = Math.min(products, from + CHUNK_PRODUCTS);
    const text = generatedCsv({ from, to, seed: 1, variants: 1, stocked });
    const { rejected } = await loadChunk(target, { text });
    if (rejected[0]) throw new Error(`the shop rejected a product: ${rejected[0].message}`);
    progress.add(to - from);
  }
  writeFileSync(marker, wanted);
}
