import type { Violation } from "../evidence/checkers.ts";
import { Evidence } from "../evidence/evidence.ts";
import { seeded } from "../simulation/random.ts";
import { Buyer, type Ending } from "./buyer.ts";
import { judge, settle } from "./drain.ts";
import { pool, sleep } from "./pool.ts";
import { type ProofShop, startProofShop } from "./proof-shop.ts";

export type RushRun = {
  /** 1: the SKU's one object keeps all its stock. */
  shards: number;
  buyers: number;
  units: number;
  sold: number;
  refused: number;
  /** Still on the shelf when everybody had their answer. */
  leftOver: number;
  kills: number;
  violations: Violation[];
};
export type RushOptions = {
  seed: number;
  buyers: number;
  units: number;
  kills: number;
  shards: number;
  say: (line: string) => void;
};

const AT_ONCE = 40;
const SKU = "RUSH-500";
const BOTH = { stripe: "tok_ok", adyen: "tok_ok" };

/** Many buyers for few units, and the runtime killed in the middle of it, again and again. */
export async function runRush(options: RushOptions): Promise<RushRun> {
  const shop = await startProofShop();
  try {
    return await rushOver(shop, options);
  } finally {
    await shop.stop();
  }
}

async function rushOver(
  shop: ProofShop,
  { seed, buyers: count, units, kills, shards, say }: RushOptions,
): Promise<RushRun> {
  const evidence = new Evidence();
  const random = seeded(seed);
  await shop.sell(SKU, { price: "10.00", stock: units });
  evidence.add("prices", SKU, 0, 1_000);
  if (shards > 1) await shop.call("PATCH", `/ops/v1/inventory/${SKU}`, { body: { shards } });
  const buyers = Array.from({ length: count }, (_, n) => {
    const lines = [{ sku: SKU, quantity: 1 }];
    return new Buyer({ shop, evidence, random }, { n: n + 1, lines, tokens: BOTH });
  });
  await pool(buyers, AT_ONCE, (buyer) => buyer.prepare());
  say(`${count} carts wait for ${units} units`);
  const killing = new Killing(shop, kills, (killed) => say(`killed ${killed} times`));
  const endings = new Map<Buyer, Ending>();
  let paid = 0;
  const pay = async (buyer: Buyer) => {
    endings.set(buyer, await buyer.pay());
    paid += 1;
    // While there is still something to win: each kill meets payments at all their steps.
    if (paid >= (killing.asked + 1) * Math.floor(units / (kills + 1))) killing.ask();
  };
  await pool(buyers, AT_ONCE, pay);
  await killing.end();
  await settle(shop, evidence, buyers);
  // Who was refused while a hold of a killed payment was still to be freed asks once more, as people do.
  const refused = buyers.filter((buyer) => endings.get(buyer) !== "placed");
  const free = await available(shop);
  if (free > 0) await pool(refused, AT_ONCE, pay);
  await settle(shop, evidence, buyers);
  const leftOver = await available(shop);
  for (const buyer of buyers) evidence.add("endings", buyer.canary, endings.get(buyer) ?? "lost");
  evidence.add("last_buyers", SKU, Number(refused.length > 0), leftOver);
  const { violations } = await judge(shop, evidence, seed);
  const sold = buyers.filter(({ order }) => order !== undefined).length;
  return {
    shards,
    buyers: count,
    units,
    sold,
    refused: count - sold,
    leftOver,
    kills: killing.done,
    violations,
  };
}

const available = async (shop: ProofShop): Promise<number> => {
  const path = `/ops/v1/inventory/${SKU}`;
  return (await shop.call<{ available: number }>("GET", path)).body.available;
};

/** Kills one after the other, however often they are asked for at once. */
class Killing {
  asked = 0;
  done = 0;
  readonly #shop: ProofShop;
  readonly #max: number;
  readonly #say: (killed: number) => void;
  #running: Promise<void> = Promise.resolve();

  constructor(shop: ProofShop, max: number, say: (killed: number) => void) {
    this.#shop = shop;
    this.#max = max;
    this.#say = say;
  }

  ask(): void {
    if (this.asked >= this.#max) return;
    this.asked += 1;
    this.#running = this.#running.then(async () => {
      await sleep(200);
      await this.#shop.crash();
      this.done += 1;
      this.#say(this.done);
    });
  }

  end = (): Promise<void> => this.#running;
}
