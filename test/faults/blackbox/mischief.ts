import type { Random } from "../simulation/random.ts";
import { sleep } from "./pool.ts";
import { PROCESSORS, type ProofShop } from "./proof-shop.ts";

const KILL_REST_MS = 45_000;
const SKIES = [
  { down: true },
  { errorRate: 0.4 },
  { timeoutRate: 0.4 },
  { latencyMs: 1_500 },
  { errorRate: 0.2, timeoutRate: 0.2, latencyMs: 200 },
];

/** Something breaks every few seconds, and is mended a little later. All of it follows from the seed. */
export class Mischief {
  readonly fired = new Map<string, number>();
  readonly #shop: ProofShop;
  readonly #random: Random;
  readonly #say: (line: string) => void;
  #killedAtMs = 0;

  constructor(shop: ProofShop, random: Random, say: (line: string) => void) {
    this.#shop = shop;
    this.#random = random;
    this.#say = say;
  }

  async run(isOver: () => boolean): Promise<void> {
    const all = [this.#sky, this.#news, this.#mysql, this.#redis, this.#runtime, this.#cron];
    while (!isOver()) {
      await sleep(this.#random.between(2_000, 6_000));
      if (!isOver()) await this.#random.pick(all)();
    }
  }

  #sky = async (): Promise<void> => {
    const psp = this.#random.pick(PROCESSORS);
    this.#count(`weather at ${psp}`);
    await this.#shop.dial(psp, "weather", this.#random.pick(SKIES));
    await sleep(this.#random.between(1_000, 6_000));
    await this.#shop.dial(psp, "weather", {});
  };

  #news = async (): Promise<void> => {
    this.#count("webhooks lost, late or twice");
    const psp = this.#random.pick(PROCESSORS);
    // Adyen tells results in no other way, and repeats them until they are taken.
    const dropRate = psp === "stripe" ? this.#random.next() * 0.5 : 0;
    const duplicateRate = this.#random.next() * 0.5;
    const delayMs = this.#random.between(0, 2_000);
    await this.#shop.dial(psp, "webhooks", { dropRate, duplicateRate, delayMs });
  };

  #mysql = async (): Promise<void> => {
    this.#count("SIGKILL of MariaDB");
    await this.#shop.mysql.kill();
    await sleep(this.#random.between(0, 3_000));
    await this.#shop.mysql.start();
  };

  #redis = async (): Promise<void> => {
    this.#count("SIGKILL of a Redis");
    const slot = this.#random.pick(Object.values(this.#shop.redis.slots));
    await slot.kill();
    await sleep(this.#random.between(0, 3_000));
    await slot.start();
  };

  #runtime = async (): Promise<void> => {
    // Memory and times are measured between kills, so there has to be something between them.
    if (Date.now() - this.#killedAtMs < KILL_REST_MS) return this.#cron();
    this.#count("SIGKILL of the runtime");
    await this.#shop.crash();
    this.#killedAtMs = Date.now();
  };

  /** The clock's part in a shop that runs by itself. */
  #cron = async (): Promise<void> => {
    this.#count("crons at an odd time");
    await this.#shop.fireCrons().catch(() => {});
  };

  #count(what: string): void {
    this.fired.set(what, (this.fired.get(what) ?? 0) + 1);
    this.#say(what);
  }
}
