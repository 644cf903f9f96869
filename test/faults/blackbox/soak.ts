import { Client } from "@planetscale/database";
import type { Violation } from "../evidence/checkers.ts";
import { Evidence } from "../evidence/evidence.ts";
import { type Random, seeded } from "../simulation/random.ts";
import { changeOrder } from "./after-sale.ts";
import { Buyer, type BuyerOptions } from "./buyer.ts";
import { judge, settle } from "./drain.ts";
import { Mischief } from "./mischief.ts";
import { sleep } from "./pool.ts";
import { type ProofShop, startProofShop } from "./proof-shop.ts";
import { RuntimeGauge } from "./runtime-gauge.ts";

export type SoakRun = {
  minutes: number;
  checkouts: number;
  orders: number;
  /** Cancellations, refunds and returns that were asked for. */
  changes: number;
  faults: Record<string, number>;
  memorySlopeMb: number;
  handlesFirst: number;
  handlesLast: number;
  p99FirstMs: number;
  p99LastMs: number;
  outboxP99Ms: number;
  violations: Violation[];
};
type SoakOptions = { seed: number; minutes: number; say: (line: string) => void };

const SHOPPERS = 5;
const SKUS = ["SOAK-A", "SOAK-B", "SOAK-C", "SOAK-D", "SOAK-E"];
const SAMPLE_MS = 2_000;
const COUPON = "SOAK";

/** Random shoppers and random faults for so many minutes; then everything heals, and the books are read. */
export async function runSoak(options: SoakOptions): Promise<SoakRun> {
  const shop = await startProofShop();
  try {
    return await soakOver(shop, options);
  } finally {
    await shop.stop();
  }
}

async function soakOver(shop: ProofShop, { seed, minutes, say }: SoakOptions): Promise<SoakRun> {
  const evidence = new Evidence();
  const random = seeded(seed);
  await open(shop, evidence);
  const buyers: Buyer[] = [];
  const times: number[] = [];
  let changes = 0;
  const endsAtMs = Date.now() + minutes * 60_000;
  const isOver = () => Date.now() >= endsAtMs;

  const shopper = async () => {
    while (!isOver()) {
      const options = { n: buyers.length + 1, ...wishes(random) };
      const buyer = new Buyer({ shop, evidence, random }, options);
      buyers.push(buyer);
      await buyer.prepare();
      const paying = buyer.pay();
      if (random.chance(0.1)) void buyer.addMeanwhile(random.pick(SKUS));
      const ending = await paying;
      evidence.add("endings", buyer.canary, ending);
      times.push(buyer.tookMs);
      if (ending === "placed" && (await changeOrder(shop, buyer, random))) changes += 1;
    }
  };
  const mischief = new Mischief(shop, seeded(seed + 1), say);
  const gauge = new RuntimeGauge(() => shop.runtime.pid);
  const ages: number[] = [];
  const watch = async () => {
    while (!isOver()) {
      gauge.sample();
      const age = await outboxAgeMs(shop);
      if (age !== undefined) ages.push(age);
      await sleep(SAMPLE_MS);
    }
  };
  await Promise.all([...Array.from({ length: SHOPPERS }, shopper), mischief.run(isOver), watch()]);
  say(`${buyers.length} checkouts; the shop heals`);
  await settle(shop, evidence, buyers);
  const { violations, orders } = await judge(shop, evidence, seed);
  const quarter = Math.ceil(times.length / 4);
  return {
    minutes,
    checkouts: buyers.length,
    orders,
    changes,
    faults: Object.fromEntries(mischief.fired),
    memorySlopeMb: gauge.slopeMbPerMinute(),
    ...gauge.handles(),
    p99FirstMs: p99(times.slice(0, quarter)),
    p99LastMs: p99(times.slice(-quarter)),
    outboxP99Ms: p99(ages),
    violations,
  };
}

async function open(shop: ProofShop, evidence: Evidence): Promise<void> {
  for (const sku of SKUS) {
    await shop.sell(sku, { price: "19.99", stock: 1_000_000 });
    evidence.add("prices", sku, 0, 1_999);
  }
  const effect = { kind: "amount", amountMinor: 100 };
  const body = { code: COUPON, title: "Soak", effect, usesMax: 1_000_000 };
  await shop.call("POST", "/ops/v1/promotions", { body });
  evidence.add("coupons", COUPON, 1_000_000, 1_000_000);
}

/** What somebody wants, and how they pay: mostly well, some with a bad card, some at one processor only. */
function wishes(random: Random): Omit<BuyerOptions, "n"> {
  const skus = new Set(Array.from({ length: random.between(1, 3) }, () => random.pick(SKUS)));
  const stripe = random.chance(0.05)
    ? "tok_declined"
    : random.chance(0.05)
      ? "tok_timeout_after"
      : "tok_ok";
  return {
    lines: [...skus].map((sku) => ({ sku, quantity: random.between(1, 2) })),
    tokens: random.chance(0.15) ? { adyen: "tok_ok" } : { stripe, adyen: "tok_ok" },
    ...(random.chance(0.3) && { coupon: COUPON }),
  };
}

/** How long the oldest message has waited that its consumer has not settled; undefined while nobody can say. */
async function outboxAgeMs(shop: ProofShop): Promise<number | undefined> {
  const database = new Client({ url: String(shop.vars.MYSQL_URL) });
  try {
    const { rows } = await database.execute(
      "SELECT MIN(occurred_at_ms) AS atMs FROM order_events WHERE awaiting <> 0",
    );
    const { atMs } = rows[0] as { atMs: string | null };
    return atMs === null ? 0 : Date.now() - Number(atMs);
  } catch {
    return undefined;
  }
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
}
