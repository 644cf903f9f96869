import { seeded } from "../../samples/seeded.ts";
import { zipf } from "../measure/zipf.ts";
import { Connection, headerOf, requestBytes } from "./connection.ts";
import { Latencies } from "./latencies.ts";
import { SaleWrites } from "./sale-writes.ts";

/** Shoppers who look at products by Zipf's law while an operator changes prices and stock. */
export type Sale = {
  urls: string[];
  products: { sku: string; path: string }[];
  perSecond: number;
  writesPerSecond: number;
  forMs: number;
  staffKey: string;
  /** No earlier run has set a price at or above it. */
  firstPriceMinor: number;
  seed: number;
};

export type SaleRun = {
  views: number;
  /** Views that were due and could not be sent in time. */
  unsent: number;
  hits: number;
  hitShare: number;
  p50Ms: number;
  p99Ms: number;
  writes: number;
  /** Answers with a price that had been replaced, and whose replacement held everywhere when they were asked for. */
  stale: number;
  /** Greatest number of renders of one page in one isolate, less one and less the writes to its product. */
  rendersAboveOnePerPurge: number;
};

const CONNECTIONS_PER_URL = 8;
/** A machine that cannot follow is not made to catch up for ever; what was never sent is told. */
const LATENESS_MAX = 2;
/** A view that hit no layer renders, unless it waited for another's render: then it read no database. */
const READ_A_DATABASE = /replica|mysql|neon/;

type View = { url: number; product: number };

/** Drives the sale in an open loop: a view is due when it is due, whoever still waits. */
export async function flashSale(sale: Sale): Promise<SaleRun> {
  const random = seeded(sale.seed);
  const next = zipf(sale.products.length, random);
  const writes = new SaleWrites(sale, next);
  const tally = new SaleTally(writes);
  const startedAtMs = performance.now();
  let taken = 0;
  const take = () => {
    const dueAtMs = startedAtMs + (taken * 1_000) / sale.perSecond;
    const isOver = dueAtMs - startedAtMs >= sale.forMs;
    const isHopeless = performance.now() - startedAtMs > sale.forMs * LATENESS_MAX;
    if (isOver || isHopeless) return undefined;
    taken += 1;
    return dueAtMs;
  };
  const browse = async (at: number) => {
    const url = new URL(sale.urls[at]!);
    const connection = await Connection.open(url);
    for (let dueAtMs = take(); dueAtMs !== undefined; dueAtMs = take()) {
      const waitMs = dueAtMs - performance.now();
      if (waitMs > 0) await new Promise((wake) => setTimeout(wake, waitMs));
      const product = next();
      const newestAtStart = writes.effective(product);
      const answer = await connection.send(requestBytes(url, sale.products[product]!));
      if (answer.status !== 200) throw new Error(`a view: ${answer.status} ${answer.body}`);
      const isRender = READ_A_DATABASE.test(headerOf(answer, "Server-Timing") ?? "");
      tally.view({ url: at, product }, performance.now() - dueAtMs, {
        layer: headerOf(answer, "X-Cache") ?? "",
        isRender,
        isStale: newestAtStart !== undefined && priceOf(answer.body) < newestAtStart,
      });
    }
    connection.close();
  };
  const browsers = sale.urls.flatMap((_, at) => Array<number>(CONNECTIONS_PER_URL).fill(at));
  await Promise.all([writes.run(startedAtMs), ...browsers.map(browse)]);
  return { ...tally.run(), unsent: (sale.forMs / 1_000) * sale.perSecond - taken };
}

const priceOf = (body: Buffer): number =>
  (JSON.parse(body.toString()) as { variants: { price: { amount: number } }[] }).variants[0]!.price
    .amount;

type Seen = { layer: string; isRender: boolean; isStale: boolean };

class SaleTally {
  readonly #latencies = new Latencies();
  readonly #renders = new Map<string, number>();
  readonly #writes: SaleWrites;
  #hits = 0;
  #stale = 0;

  constructor(writes: SaleWrites) {
    this.#writes = writes;
  }

  view({ url, product }: View, ms: number, { layer, isRender, isStale }: Seen): void {
    this.#latencies.add(ms);
    if (layer.startsWith("hit-")) this.#hits += 1;
    if (isStale) this.#stale += 1;
    if (!isRender) return;
    const key = `${url} ${product}`;
    this.#renders.set(key, (this.#renders.get(key) ?? 0) + 1);
  }

  run(): Omit<SaleRun, "unsent"> {
    const [p50Ms, p99Ms] = this.#latencies.percentiles([0.5, 0.99]);
    const views = this.#latencies.count;
    const above = [...this.#renders].map(
      ([key, renders]) => renders - 1 - this.#writes.countOf(Number(key.split(" ")[1])),
    );
    return {
      views,
      hits: this.#hits,
      hitShare: this.#hits / views,
      p50Ms,
      p99Ms,
      writes: this.#writes.count,
      stale: this.#stale,
      rendersAboveOnePerPurge: Math.max(0, ...above),
    };
  }
}
