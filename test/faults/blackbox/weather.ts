import type { Violation } from "../evidence/checkers.ts";
import { Evidence } from "../evidence/evidence.ts";
import { seeded } from "../simulation/random.ts";
import { Buyer, type Ending } from "./buyer.ts";
import { judge, settle } from "./drain.ts";
import { pool, sleep } from "./pool.ts";
import { type ProofShop, startProofShop } from "./proof-shop.ts";

type Dial = { down?: boolean; latencyMs?: number; timeoutRate?: number; errorRate?: number };
type Weather = {
  /** What the primary does while it is bad. */
  bad: Dial;
  /** It is bad for so long, then fair for so long, over and over; without it, all the time. */
  flapMs?: number;
};

/** The primary's weathers of the issue. The second processor is healthy throughout. */
export const WEATHERS = {
  dead: { bad: { down: true } },
  flapping: { bad: { down: true }, flapMs: 4_000 },
  slow: { bad: { latencyMs: 4_000 } },
  "timing out after the effect": { bad: { timeoutRate: 1 } },
} satisfies Record<string, Weather>;
export type WeatherName = keyof typeof WEATHERS;

export type WeatherRun = {
  name: string;
  checkouts: number;
  /** Paid within ten seconds of the click. */
  inTime: number;
  /** Answered "pending": neither lost nor charged twice, but known only after the outage. */
  pending: number;
  /** Pending for longer than ten seconds. */
  parked: number;
  /** What became of those, and of all others that were not in time. */
  late: Record<string, number>;
  outages: number;
  /** Payments sent to the primary whose outcome it left unknown, at most in one outage. */
  unknownPerOutage: number;
  perSecond: number;
  slowestMs: number;
  violations: Violation[];
};

const IN_TIME_MS = 10_000;
const SHOPPERS = 10;
/** Fair at first and at last: circuits are closed when the outage comes, and what is pending resolves. */
const FAIR_SHARE = 0.1;
const BOTH = { stripe: "tok_ok", adyen: "tok_ok" };

/** So many whole purchases while the primary has this weather, then the books. */
export async function runWeather(
  name: WeatherName,
  { seed, checkouts, say }: { seed: number; checkouts: number; say: (line: string) => void },
): Promise<WeatherRun> {
  const shop = await startProofShop();
  try {
    return await weatherOver(shop, name, { seed, checkouts, say });
  } finally {
    await shop.stop();
  }
}

async function weatherOver(
  shop: ProofShop,
  name: WeatherName,
  { seed, checkouts, say }: { seed: number; checkouts: number; say: (line: string) => void },
): Promise<WeatherRun> {
  const evidence = new Evidence();
  const random = seeded(seed);
  const skus = ["FAIR-A", "FAIR-B", "FAIR-C", "FAIR-D"];
  for (const sku of skus) {
    await shop.sell(sku, { price: "19.99", stock: checkouts * 3 });
    evidence.add("prices", sku, 0, 1_999);
  }
  const endings = new Map<Buyer, Ending | "pending">();
  const buyers = Array.from({ length: checkouts }, (_, n) => {
    const lines = [{ sku: random.pick(skus), quantity: random.between(1, 2) }];
    return new Buyer({ shop, evidence, random }, { n: n + 1, lines, tokens: BOTH });
  });
  const sky = new Sky(shop, WEATHERS[name]);
  const startedMs = Date.now();
  const from = Math.floor(checkouts * FAIR_SHARE);
  await pool(buyers, SHOPPERS, async (buyer, at) => {
    if (at === from) sky.turnBad();
    if (at === checkouts - from) await sky.turnFair();
    if (at % 500 === 0) say(`${name}: ${at} of ${checkouts}`);
    await buyer.prepare();
    const ending = await buyer.pay();
    // Who waits in vain for a dead processor is not lost yet: the books tell, once it is back.
    endings.set(buyer, ending === "lost" ? "pending" : ending);
  });
  const perSecond = checkouts / ((Date.now() - startedMs) / 1_000);
  await settle(shop, evidence, buyers);
  const { violations } = await judge(shop, evidence, seed);
  const inTime = buyers.filter((buyer) => isInTime(buyer, endings.get(buyer))).length;
  return {
    name,
    checkouts,
    inTime,
    pending: buyers.filter(({ pendings }) => pendings > 0).length,
    parked: buyers.filter((buyer) => buyer.pendings > 0 && !isInTime(buyer, endings.get(buyer)))
      .length,
    late: tally(
      buyers
        .filter((buyer) => !isInTime(buyer, endings.get(buyer)))
        .map((buyer) => `${endings.get(buyer)}`),
    ),
    outages: sky.outages.length,
    unknownPerOutage: sky.mostIn(unknownCalls(evidence)),
    perSecond,
    slowestMs: Math.max(...buyers.map(({ tookMs }) => tookMs)),
    violations,
  };
}

const isInTime = (buyer: Buyer, ending: Ending | "pending" | undefined) =>
  ending === "placed" && buyer.tookMs <= IN_TIME_MS;

const tally = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(names, (each) => each)].map(([each, all]) => [each, all.length]),
  );

/** When payments left for the primary whose outcome it did not tell. */
function unknownCalls(evidence: Evidence): number[] {
  const database = evidence.toDatabase();
  const query = "SELECT started_ms AS atMs FROM calls WHERE psp = 'stripe' AND outcome = 'unknown'";
  const rows = database.prepare(query).all();
  database.close();
  return rows.map(({ atMs }) => Number(atMs));
}

/** The primary's weather over the run, and when it was bad. */
class Sky {
  readonly outages: { fromMs: number; untilMs: number }[] = [];
  readonly #shop: ProofShop;
  readonly #weather: Weather;
  #isOver = false;
  #turning: Promise<void> = Promise.resolve();

  constructor(shop: ProofShop, weather: Weather) {
    this.#shop = shop;
    this.#weather = weather;
  }

  turnBad(): void {
    this.#turning = this.#run();
  }

  async turnFair(): Promise<void> {
    this.#isOver = true;
    await this.#turning;
  }

  /** The most of these moments that one outage has: each belongs to the first that was not over by then. */
  mostIn(momentsMs: readonly number[]): number {
    // A call may have left before an outage, and was out when it began; never when another was over since.
    const outageOf = (atMs: number) => this.outages.findIndex(({ untilMs }) => atMs < untilMs);
    const counts = [...Map.groupBy(momentsMs, outageOf).values()].map(({ length }) => length);
    return Math.max(0, ...counts);
  }

  async #run(): Promise<void> {
    const { bad, flapMs = Number.POSITIVE_INFINITY } = this.#weather;
    while (!this.#isOver) {
      const outage = { fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY };
      this.outages.push(outage);
      await this.#shop.dial("stripe", "weather", bad);
      await this.#wait(flapMs);
      await this.#shop.dial("stripe", "weather", {});
      outage.untilMs = Date.now();
      await this.#wait(Number.isFinite(flapMs) ? flapMs : 0);
    }
  }

  async #wait(forMs: number): Promise<void> {
    const untilMs = Date.now() + forMs;
    while (!this.#isOver && Date.now() < untilMs) await sleep(100);
  }
}
