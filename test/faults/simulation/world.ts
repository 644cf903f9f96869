import { createHash } from "node:crypto";
import type { ShopperLimit, StockPolicy } from "../../../src/inventory/model.ts";
import type { ProcessorName } from "../../../src/payments/index.ts";
import { ANSWERS_MIGRATION } from "../../../src/platform/objects/answers.ts";
import type { Sku, VoucherId } from "../../../src/shared/ids.ts";
import { Evidence } from "../evidence/evidence.ts";
import { AfterSale } from "./after-sale.ts";
import type { Bug } from "./bugs.ts";
import { Codes, type Coupon } from "./codes.ts";
import { Consumers } from "./consumers.ts";
import { type Coverage, Wire } from "./faults.ts";
import { ObjectStorage } from "./object-storage.ts";
import { OrderIo } from "./order-io.ts";
import { OrderLog } from "./order-log.ts";
import { type News, PaymentDesk } from "./payment-desk.ts";
import { Processor } from "./processor.ts";
import { Queue } from "./queue.ts";
import { type Random, seeded } from "./random.ts";
import { Shop } from "./shop.ts";
import type { Shopper } from "./shopper.ts";
import { StockRoom } from "./stock-room.ts";
import { Timeline } from "./timeline.ts";
import { Turnstile } from "./turnstile.ts";

const COUPONS: readonly Coupon[] = [
  { code: "TENTH", usesMax: 8, usesPerShopperMax: 1 },
  { code: "OFTEN", usesMax: 30, usesPerShopperMax: 2 },
];
const VOUCHERS = ["vou_1", "vou_2", "vou_3", "vou_4"] as VoucherId[];
const NEWS_TRIES_MAX = 30;
/** In how many worlds anything is split or may be, and how many of their SKUs are. */
const SPLIT_WORLDS = 0.5;
const SPLIT_SKUS = 0.5;
/** 1: never; null: as measured, which is never here. */
const SHARDS_DECLARED = [2, 3, 4, 1, null] as const;
const LIMITED_TTL_MS_MIN = 40 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
const NEWS_WAIT_MS = 30_000;
/** As far as two machines' clocks may be apart. */
const SKEW_MS_MAX = 5 * 60_000;

export type WorldOptions = { seed: number; bug?: Bug | undefined; coverage: Coverage };

/** One shop with its surroundings, all of it in this process and made from one seed. */
export class World {
  readonly timeline = new Timeline();
  readonly evidence = new Evidence();
  readonly answers = new ObjectStorage();
  readonly attempts = new Map<string, string>();
  readonly hosts = new Map<string, Shopper>();
  /** Names that no other world has: the shop remembers which SKUs are split. */
  readonly skus: readonly Sku[];
  readonly bug: Bug | undefined;
  readonly random: Random;
  readonly wire: Wire;
  readonly stock: StockRoom;
  readonly codes: Codes;
  readonly shop: Shop;
  readonly desk: PaymentDesk;
  readonly log: OrderLog;
  readonly queue: Queue;
  readonly consumers: Consumers;
  readonly afterSale: AfterSale;
  readonly holdTtlMs: number;
  readonly hasBackup: boolean;
  readonly turnstile: Turnstile;
  /** Somebody tries stolen cards, and the limits are tight. */
  readonly hasThieves: boolean;
  readonly #hasNews: boolean;
  readonly #hasSplits: boolean;
  readonly #hash = createHash("sha256");
  readonly #splits = new Map<Sku, ShopperLimit | undefined>();
  #skewMs = 0;

  constructor({ seed, bug, coverage }: WorldOptions) {
    this.bug = bug;
    const world = bug === undefined ? seed : `${seed}-${bug}`;
    this.skus = ["A", "B", "C", "D", "E"].map((name) => `${name}-${world}` as Sku);
    this.random = seeded(seed);
    const { random, timeline, evidence } = this;
    const log = (line: string) => this.#hash.update(`${timeline.nowMs} ${line}\n`);
    const { thrown } = this;
    this.wire = new Wire({ random, timeline, coverage, log, thrown });
    const { wire } = this;
    this.holdTtlMs = random.pick([600, 1_500, 10_000, 45 * 60_000]);
    this.hasBackup = random.chance(0.7);
    this.#hasNews = random.chance(0.5);
    this.#hasSplits = random.chance(SPLIT_WORLDS);
    this.hasThieves = random.chance(0.12);
    const parts = { timeline, random, wire, evidence, bug };
    this.stock = new StockRoom({ ...parts, skewMs: this.skewMs, thrown });
    this.codes = new Codes(parts);
    this.turnstile = new Turnstile({ ...parts, isTight: this.hasThieves });
    this.shop = new Shop({ ...parts, codes: this.codes });
    this.log = new OrderLog(parts);
    const processors = new Map(
      (["stripe", "adyen"] as const).map((name) => [name, new Processor(name, evidence, bug)]),
    );
    this.desk = new PaymentDesk({ ...parts, processors });
    this.desk.tellNews = (news) => this.#tellNews(news);
    this.queue = new Queue({ ...parts, log: this.log, thrown: this.thrown });
    const { codes, stock, queue, log: orders } = this;
    const about = { ...parts, log: orders, queue, processors, thrown };
    const orderIo = new OrderIo(about);
    this.consumers = new Consumers({ ...about, codes, stock, orderIo });
    this.queue.handle = this.consumers.handle;
    this.afterSale = new AfterSale({ ...about, orderIo });
    this.answers.sql.exec(ANSWERS_MIGRATION);
  }

  /** Fills shelves with less than will be asked for, and issues the codes. */
  async open(checkouts: number): Promise<void> {
    const { random } = this;
    for (const sku of this.skus) {
      const units = random.between(Math.ceil(checkouts * 0.05), Math.ceil(checkouts * 0.4));
      await this.stock.open(sku, units, this.#policyFor(sku));
      this.shop.setPrice(sku, random.between(300, 4_000));
    }
    for (const coupon of COUPONS) {
      this.codes.openCoupon(coupon);
      const { code, usesMax, usesPerShopperMax } = coupon;
      this.evidence.add("coupons", code, usesMax, usesPerShopperMax);
    }
    for (const voucherId of VOUCHERS) {
      this.codes.openVoucher(voucherId, random.between(2_000, 20_000));
    }
  }

  /** What an operator does at any moment to a SKU that is split, was, or may be. */
  resplit(): void {
    const { random, stock, wire } = this;
    const sku = random.pick([...this.#splits.keys()]);
    if (!sku || wire.isHealed || !random.chance(0.3)) return;
    const limit = this.#splits.get(sku);
    if (limit && random.chance(0.5)) {
      limit.max += 1;
      void stock.declare(sku, { shopperLimit: { ...limit } });
      return;
    }
    void stock.declare(sku, { shards: random.pick(SHARDS_DECLARED) });
  }

  /** How far the clock of whoever asks is off now. */
  skewMs = (): number => this.#skewMs;

  #policyFor(sku: Sku): StockPolicy | undefined {
    const { random } = this;
    if (!this.#hasSplits || !random.chance(SPLIT_SKUS)) return undefined;
    const limit = random.chance(0.4) ? { max: random.between(2, 3), windowMs: DAY_MS } : undefined;
    this.#splits.set(sku, limit);
    const shards = random.pick(SHARDS_DECLARED);
    return { shards, ...(limit && { shopperLimit: { ...limit } }) };
  }

  /** Only where news come: without them nothing but an honest clock tells when a silence is final. */
  jumpClock(): void {
    if (this.#hasNews && this.wire.strikes("F18 clock jumps", 0.1)) {
      this.#skewMs = this.random.between(-SKEW_MS_MAX, SKEW_MS_MAX);
    }
  }

  /** The codes that the next quote is asked for with. */
  codesFor(): { coupon: Coupon | undefined; voucherId: VoucherId | undefined } {
    const { random } = this;
    return {
      coupon: random.chance(0.25) ? random.pick(COUPONS) : undefined,
      voucherId: random.chance(0.2) ? random.pick(VOUCHERS) : undefined,
    };
  }

  tellLimits(): void {
    // Where holds lapse before they are sold, a late sale may be one too many: it was paid for.
    if (this.holdTtlMs < LIMITED_TTL_MS_MIN) return;
    for (const [sku, limit] of this.#splits) {
      if (limit) this.evidence.add("limits", sku, limit.max);
    }
  }

  /** A bug showed itself: it is evidence like the rest. */
  thrown = (place: string, error: unknown): void => {
    this.evidence.add("thrown", place, String(error));
  };

  /** Of every draw and every call that arrived: the same seed has the same. */
  digest = (): string => this.#hash.digest("hex");

  close(): void {
    this.stock.close();
    this.codes.close();
    this.answers.close();
  }

  #tellNews(news: News): void {
    if (!this.#hasNews) {
      this.wire.fired("F17 news missing");
      return;
    }
    this.#bring(news, 0);
    if (this.wire.strikes("F17 news twice", 0.1)) this.#bring(news, 0);
  }

  #bring({ key, processor }: { key: string; processor: ProcessorName }, tried: number): void {
    const delayMs = tried === 0 ? this.random.between(1, 4_000) : 10_000;
    this.timeline.after(delayMs, () => {
      const host = this.hosts.get(key.split(":")[0]!)?.host;
      const news = { key, processor, kind: "approval", trace: "req_simulated" } as const;
      // Who dies over it never answers: then it is told again, as a webhook without an answer is.
      const heard = host?.hear({ ...news, amount: undefined } as never);
      void Promise.race([heard, this.timeline.sleep(NEWS_WAIT_MS)]).then((isSettled) => {
        if (!isSettled && tried < NEWS_TRIES_MAX) this.#bring({ key, processor }, tried + 1);
      });
    });
  }
}
