import { orderIdFor } from "../../../src/orders/order-id.ts";
import type { CheckoutId } from "../../../src/shared/ids.ts";
import type { Violation } from "../evidence/checkers.ts";
import { Evidence } from "../evidence/evidence.ts";
import { type Random, seeded } from "../simulation/random.ts";
import { Buyer, type BuyerOptions } from "./buyer.ts";
import { Control, type Order } from "./control.ts";
import { judge, settle } from "./drain.ts";
import { CASES, type Case, type Flow, nameOf, planOf } from "./enumeration.ts";
import { pool, sleep, until } from "./pool.ts";
import { type ProofShop, startProofShop } from "./proof-shop.ts";
import { proofConfigs } from "./proof-workers.ts";

export type CrashRun = {
  seed: number;
  checkouts: number;
  orders: number;
  kills: number;
  durationMs: number;
  /** How often each case came to pass. */
  fired: Map<string, number>;
  untested: string[];
  violations: Violation[];
};

const SKUS = ["PROOF-A", "PROOF-B", "PROOF-C", "PROOF-D"] as const;
const PRICE = "19.99";
const PRICE_MINOR = 1999;
const STOCK = 1_000_000;
const COUPON = "PROOF";
const AT_ONCE = 20;
const WAVE = 34;
/** A point that a checkout did not come to this time is tried again with another. */
const TRIES_MAX = 4;
const KILLS_PER_WAVE_MAX = 6;
/** What a fault took from a queue comes again by a sweep; what only waits its turn needs none. */
const SWEEP_AFTER_MS = 8_000;
const QUIET_MS = 2_500;
/** From the word that a plan fires to the rest of whoever it is for. */
const PARKING_MS = 200;

type Running = { buyer: Buyer; order: Order; case: Case };

/** Puts each case to a checkout of its own against a real shop, `rounds` times, then reads the books. */
export async function runCrashPoints({
  seed,
  rounds,
  cases = CASES,
  say,
}: {
  seed: number;
  rounds: number;
  cases?: readonly Case[];
  say: (line: string) => void;
}): Promise<CrashRun> {
  const startedMs = Date.now();
  const control = new Control();
  await control.open();
  const shop = await startProofShop((dir) => proofConfigs(dir, control.url));
  try {
    const run = new CrashPoints(shop, control, seed, say);
    await run.open();
    for (let round = 0; round < rounds; round += 1) await run.round(cases);
    say(`${run.buyers.length} checkouts, ${run.kills} kills; the shop heals`);
    await settle(shop, run.evidence, run.buyers);
    await run.lastBuyers();
    say("the books are read");
    const { violations, orders } = await judge(shop, run.evidence, seed);
    const untested = cases.map(nameOf).filter((name) => !run.fired.has(name));
    const { buyers, kills, fired } = run;
    const durationMs = Date.now() - startedMs;
    return {
      seed,
      checkouts: buyers.length,
      orders,
      kills,
      durationMs,
      fired,
      untested,
      violations,
    };
  } finally {
    await shop.stop();
    await control.close();
  }
}

class CrashPoints {
  readonly evidence = new Evidence();
  readonly buyers: Buyer[] = [];
  readonly fired = new Map<string, number>();
  kills = 0;
  readonly #shop: ProofShop;
  readonly #control: Control;
  readonly #random: Random;
  readonly #say: (line: string) => void;

  constructor(shop: ProofShop, control: Control, seed: number, say: (line: string) => void) {
    this.#shop = shop;
    this.#control = control;
    this.#random = seeded(seed);
    this.#say = say;
  }

  async open(): Promise<void> {
    for (const sku of SKUS) {
      await this.#shop.sell(sku, { price: PRICE, stock: STOCK });
      this.evidence.add("prices", sku, 0, PRICE_MINOR);
    }
    const effect = { kind: "amount", amountMinor: 100 };
    const body = { code: COUPON, title: "Proof", effect, usesMax: 1_000_000 };
    await this.#shop.call("POST", "/ops/v1/promotions", { body });
    this.evidence.add("coupons", COUPON, 1_000_000, 1_000_000);
    // Some news come twice, some late, and some of Stripe's never. Adyen repeats its own until they are
    // taken, and tells the result of a capture in no other way, so none of them is lost for good.
    await this.#shop.dial("stripe", "webhooks", { duplicateRate: 0.1, dropRate: 0.05 });
    await this.#shop.dial("adyen", "webhooks", { duplicateRate: 0.1, delayMs: 300 });
  }

  async round(cases: readonly Case[]): Promise<void> {
    let left = shuffled(cases, this.#random);
    for (let tried = 0; tried < TRIES_MAX && left.length > 0; tried += 1) {
      const [killing, others] = [left.filter(isKill), left.filter((each) => !isKill(each))];
      const missed: Case[] = [];
      missed.push(...(await this.#together(others)));
      for (let from = 0; from < killing.length; from += WAVE) {
        missed.push(...(await this.#wave(killing.slice(from, from + WAVE))));
      }
      this.#say(`${left.length - missed.length} of ${left.length} cases came to pass`);
      left = missed;
    }
  }

  /** When all is quiet, what is free can be bought. */
  async lastBuyers(): Promise<void> {
    for (const sku of SKUS) {
      const buyer = this.#enter({ lines: [{ sku, quantity: 1 }], tokens: { stripe: "tok_ok" } });
      await buyer.prepare();
      const ending = await buyer.pay();
      this.evidence.add("last_buyers", sku, Number(ending !== "placed"), 1);
    }
    await settle(this.#shop, this.evidence, this.buyers.slice(-SKUS.length));
  }

  /** Cases of single objects and messages, many at once; answers those whose point nobody came to. */
  async #together(cases: readonly Case[]): Promise<Case[]> {
    const all: Running[] = [];
    await pool(cases, AT_ONCE, async (each) => {
      const running = await this.#prepare(each);
      all.push(running);
      await this.#run(running);
    });
    const areThrough = async () => all.every(({ order }) => order.state === "fired");
    if (!(await until(areThrough, SWEEP_AFTER_MS))) {
      await this.#shop.sweep();
      await until(areThrough, SWEEP_AFTER_MS);
    }
    return this.#tally(all);
  }

  /** Lets checkouts come to rest at their points, kills the runtime under all of them, and again. */
  async #wave(cases: readonly Case[]): Promise<Case[]> {
    const all: Running[] = [];
    await pool(cases, AT_ONCE, async (each) => void all.push(await this.#prepare(each)));
    let isDone = false;
    const running = Promise.all(all.map((each) => this.#run(each))).then(() => {
      isDone = true;
    });
    const countFired = () => all.filter(({ order }) => order.state === "fired").length;
    const kill = async () => {
      this.kills += 1;
      await this.#shop.crash();
      // The kill took the queues' memory with it; what was in it comes again by the outbox.
      await this.#shop.sweep();
    };
    let killed = 0;
    for (let turn = 0; turn < KILLS_PER_WAVE_MAX && killed < all.length; turn += 1) {
      await this.#rest(countFired, all.length);
      const fired = countFired();
      if (fired === killed && isDone) break;
      if (fired > killed) await kill();
      killed = fired;
    }
    for (const { order } of all) if (order.state === "waiting") order.state = "off";
    // Whoever came to rest after the last kill would rest for ever.
    await sleep(PARKING_MS);
    if (countFired() > killed) await kill();
    await running;
    return this.#tally(all);
  }

  /** Until all have come to their points, or no further one has for a while. */
  async #rest(countFired: () => number, all: number): Promise<void> {
    let count = countFired();
    let sinceMs = Date.now();
    while (count < all && Date.now() - sinceMs < QUIET_MS) {
      await sleep(100);
      if (countFired() === count) continue;
      count = countFired();
      sinceMs = Date.now();
    }
  }

  #tally(all: readonly Running[]): Case[] {
    const missed: Case[] = [];
    for (const { order, case: each } of all) {
      if (order.state === "fired") this.fired.set(nameOf(each), this.#times(each) + 1);
      else missed.push(each);
      if (order.state === "waiting") order.state = "off";
    }
    return missed;
  }

  #times = (each: Case): number => this.fired.get(nameOf(each)) ?? 0;

  async #prepare(each: Case): Promise<Running> {
    const { random } = { random: this.#random };
    const [first, second] = shuffled(SKUS, random);
    const voucher = await this.#voucher();
    const buyer = this.#enter({
      lines: [
        { sku: first!, quantity: random.between(1, 3) },
        { sku: second!, quantity: 1 },
      ],
      tokens: TOKENS[each.flow],
      coupon: COUPON,
      voucher,
    });
    await buyer.prepare();
    const order = this.#control.plan(await subjectOf(each, buyer), planOf(each));
    return { buyer, order, case: each };
  }

  async #run({ buyer, case: { flow } }: Running): Promise<void> {
    const paying = buyer.pay();
    if (this.#random.chance(0.15)) void buyer.addMeanwhile(this.#random.pick(SKUS));
    const ending = await paying;
    this.evidence.add("endings", buyer.canary, ending);
    if (ending !== "placed" || (flow !== "cancel" && flow !== "void")) return;
    // Money that was collected goes back otherwise than money that was only reserved.
    if (flow === "cancel") await until(() => buyer.isPaid(), 30_000);
    await buyer.cancel();
  }

  async #voucher(): Promise<string> {
    const body = { amount: { amount: 500, currency: "USD" } };
    const headers = {
      Authorization: `Bearer ${this.#shop.staffKey}`,
      "Idempotency-Key": `voucher-${this.buyers.length}-${this.#random.next()}`,
    };
    for (;;) {
      const issued = await this.#shop.send("POST", "/ops/v1/vouchers", { body, headers });
      if (issued?.status === 201) return String(issued.body.code);
      await sleep(300);
    }
  }

  #enter(options: Omit<BuyerOptions, "n">): Buyer {
    const parts = { shop: this.#shop, evidence: this.evidence, random: this.#random };
    const buyer = new Buyer(parts, { ...options, n: this.buyers.length + 1 });
    this.buyers.push(buyer);
    return buyer;
  }
}

const isKill = (each: Case) => each.isKill;

const OK = { stripe: "tok_ok", adyen: "tok_ok" };
const TOKENS: Record<Flow, BuyerOptions["tokens"]> = {
  buy: OK,
  cancel: OK,
  void: OK,
  adyen: { adyen: "tok_ok" },
  decline: { stripe: "tok_declined", adyen: "tok_ok" },
  ask: { stripe: "tok_timeout_after", adyen: "tok_ok" },
};

async function subjectOf({ where }: Case, { checkoutId }: Buyer): Promise<string> {
  if (where === "checkout") return checkoutId;
  if (where === "webhook") return `${checkoutId}/webhook`;
  return `${await orderIdFor(checkoutId as CheckoutId)}/${where}`;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
