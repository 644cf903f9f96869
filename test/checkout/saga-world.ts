import type { Attempt } from "../../src/checkout/saga/attempt.ts";
import type { SagaDeps } from "../../src/checkout/saga/deps.ts";
import { finishAttempt, runAttempt } from "../../src/checkout/saga/run-attempt.ts";
import type { AuthorizeOutcome, FoundPayment } from "../../src/payments/index.ts";
import { DependencyDown } from "../../src/platform/dependency.ts";
import type { RateLimited } from "../../src/platform/limits/index.ts";
import type { Redemptions } from "../../src/promotions/index.ts";
import type { OrderId, QuoteId, Sku, VoucherId } from "../../src/shared/ids.ts";
import { money } from "../../src/shared/money.ts";
import { err, ok } from "../../src/shared/result.ts";

/** The process died here: everything in memory is gone, the journal is not. */
class Crash extends Error {
  override readonly name = "Crash";
}

export type Fault = "crash_before" | "crash_after" | "weather_before" | "weather_after";
export const FAULTS: readonly Fault[] = [
  "crash_before",
  "crash_after",
  "weather_before",
  "weather_after",
];

const TOTAL = money(2_498, "USD");
const NO_CODES: Redemptions = { shopper: "mail:ada", coupons: [], vouchers: [] };
const CODES: Redemptions = {
  shopper: "mail:ada",
  coupons: [{ code: "TEN", usesMax: 1, usesPerShopperMax: null }],
  vouchers: [{ voucherId: "vou_1" as VoucherId, mask: "••••AAAA", amountMinor: 500 }],
};
const OVER_LIMIT: RateLimited = {
  code: "rate_limited",
  policy: "checkout",
  tries: 10,
  windowMs: 600_000,
  retryAfterMs: 60_000,
};
const SETTLE_MS = 3_000;

export type WorldOptions = {
  /** The fault of the n-th effect (from 0), once. */
  faultAt?: { index: number; fault: Fault };
  authorize?: AuthorizeOutcome["kind"];
  /** Whoever asks has tried too often. */
  overLimit?: boolean;
  refuseHold?: boolean;
  termsChange?: boolean;
  loseHold?: boolean;
  backup?: boolean;
  wrongAmount?: boolean;
  /** The order uses up a coupon and a voucher. */
  hasCodes?: boolean;
  /** Somebody else has used them up since the quote. */
  refuseCodes?: boolean;
  /** The voucher pays for everything. */
  isFree?: boolean;
  /** The answer is lost, and the processor executes only this long after it was asked. */
  lateByMs?: number;
  /** How long each answer about a payment is under way; what it says was true when it left. */
  slowWordMs?: number;
};

/**
 * One checkout's outside world in memory: stock, processors, orders. It shares no code with the
 * saga, counts every effect, and injects a fault at any one of them.
 */
export class World {
  nowMs = 1_000_000;
  effects: string[] = [];
  hold: "none" | "held" | "released" | "committed" = "none";
  codes: "unused" | "used" | "restored" = "unused";
  payments: { processor: string; state: "approved" | "voided"; atMs: number }[] = [];
  placed = 0;
  cancelled = 0;
  finished = 0;
  saved: Attempt;
  readonly #options: WorldOptions;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.saved = {
      key: "chk_1:1",
      number: 1,
      quoteId: "quo_1" as QuoteId,
      orderId: "ord_1" as OrderId,
      answerKey: "process:k",
      trace: "req_test",
      startedAtMs: this.nowMs,
      step: "holding",
      redemptions: options.hasCodes || options.isFree ? CODES : NO_CODES,
      isFree: options.isFree ?? false,
      payment: null,
      refusal: null,
    };
  }

  /** Runs from the journal, as a request with a shopper's tokens or as an alarm without. */
  async run(hasShopper: boolean): Promise<"crashed" | "placed" | "pending" | "refused"> {
    const attempt = structuredClone(this.saved);
    const deps = this.#deps(hasShopper);
    try {
      const { kind } = await runAttempt(attempt, deps);
      await finishAttempt(attempt, deps);
      return kind;
    } catch (error) {
      if (error instanceof Crash) return "crashed";
      throw error;
    }
  }

  /** Lets alarms fire, each later than the last, until the attempt is over. Answers how many it took. */
  async quiesce(alarmsMax = 20): Promise<number> {
    for (let alarm = 0; alarm < alarmsMax; alarm += 1) {
      if (["done", "undone"].includes(this.saved.step)) return alarm;
      this.nowMs += 5_000;
      await this.run(false);
    }
    throw new Error(`the attempt is still ${this.saved.step}`);
  }

  /** Money and stock agree with each other: the order exists whole, or nothing happened. */
  contradictions(): string[] {
    this.nowMs += 60_000; // What was still under way has arrived by now.
    const approved = this.payments.filter(({ state }) => state === "approved").length;
    const found: string[] = [];
    const { overLimit } = this.#options;
    if (overLimit && this.payments.length > 0) found.push("paid beyond the limit");
    if (this.placed > 1) found.push("more than one order");
    if (approved > 1) found.push("authorized twice");
    const { isFree, hasCodes } = this.#options;
    const owed = isFree ? 0 : 1;
    if (this.placed === 1 && this.cancelled === 0 && approved !== owed) found.push("order unpaid");
    if (isFree && this.payments.length > 0) found.push("a processor was asked for nothing");
    if (this.placed === 0 && this.codes === "used") found.push("codes used up without an order");
    if (this.placed === 1 && (hasCodes || isFree) && this.codes !== "used") {
      found.push(`ordered but the codes are ${this.codes}`);
    }
    if (this.placed === 0 && approved > 0) found.push("payment without an order");
    if (this.placed === 0 && this.hold === "held") found.push("stock leaked");
    if (this.placed === 0 && this.hold === "committed") found.push("stock sold without an order");
    const sold = this.placed === 1 && this.cancelled === 0;
    if (sold && this.hold !== "committed") found.push(`sold but stock is ${this.hold}`);
    if (sold && this.finished === 0) found.push("nobody was told");
    return found;
  }

  async #effect<T>(name: string, apply: () => T): Promise<T> {
    const index = this.effects.push(name) - 1;
    const fault = this.#options.faultAt?.index === index ? this.#options.faultAt.fault : undefined;
    if (fault === "crash_before") throw new Crash(name);
    if (fault === "weather_before") throw new DependencyDown(name);
    const result = apply();
    if (fault === "crash_after") throw new Crash(name);
    if (fault === "weather_after") throw new DependencyDown(name);
    return result;
  }

  #deps(hasShopper: boolean): SagaDeps {
    const {
      authorize = "approved",
      overLimit,
      refuseHold,
      termsChange,
      loseHold,
      backup,
    } = this.#options;
    const processors = backup ? (["stripe", "adyen"] as const) : (["stripe"] as const);
    return {
      settleMs: SETTLE_MS,
      nowMs: () => this.nowMs,
      sleep: async (ms) => {
        this.nowMs += ms;
      },
      journal: (attempt) => {
        this.saved = structuredClone(attempt);
      },
      takeTries: () => this.#effect("tries", () => (overLimit ? err(OVER_LIMIT) : ok(null))),
      hold: () =>
        this.#effect("hold", () => {
          if (refuseHold) {
            const shortages = [{ sku: "A" as Sku, available: 0 }];
            return err({ code: "insufficient_stock" as const, shortages });
          }
          if (this.hold === "none") this.hold = "held";
          return ok(null);
        }),
      release: () =>
        this.#effect("release", () => {
          if (this.hold === "committed") throw new Error("released what was sold");
          this.hold = "released";
        }),
      termsHold: () => this.#effect("terms", () => !termsChange),
      redeem: () =>
        this.#effect("redeem", () => {
          if (this.#options.refuseCodes) {
            // The coupon was still there, the voucher was not.
            this.codes = "used";
            const refused = [{ code: "••••AAAA", reason: "limit_reached" as const }];
            return err({ code: "code_refused" as const, refused });
          }
          if (this.codes === "restored") throw new Error("redeemed what was given back");
          this.codes = "used";
          return ok(null);
        }),
      restore: () =>
        this.#effect("restore", () => {
          if (this.placed > 0) throw new Error("restored the codes of an order");
          this.codes = "restored";
        }),
      payableWith: () => (hasShopper ? processors : []),
      authorize: (_attempt, processor) => this.#authorize(processor, authorize),
      find: async (_attempt, processor) => {
        const found = await this.#effect("find", (): FoundPayment => {
          const payment = this.payments.find(
            (made) => made.processor === processor && made.atMs <= this.nowMs,
          );
          if (!payment) return { kind: "none" };
          return payment.state === "voided"
            ? { kind: "voided", paymentId: "pay_1" }
            : { kind: "approved", paymentId: "pay_1", amount: TOTAL };
        });
        this.nowMs += this.#options.slowWordMs ?? 0;
        return found;
      },
      voidPayment: () =>
        this.#effect("void", () => {
          for (const payment of this.payments) payment.state = "voided";
          return { kind: "voided" };
        }),
      isExact: (_attempt, amount) => !this.#options.wrongAmount && amount.amount === TOTAL.amount,
      place: () =>
        this.#effect("place", () => {
          this.placed = 1;
        }),
      commit: () =>
        this.#effect("commit", () => {
          if (loseHold) return ["A" as Sku];
          this.hold = "committed";
          return [];
        }),
      cancelPlaced: () =>
        this.#effect("cancel", () => {
          this.cancelled = 1;
        }),
      finish: () =>
        this.#effect("finish", () => {
          this.finished += 1;
        }),
    };
  }

  /** Weather at a processor is an outcome of its adapter, not an exception. */
  async #authorize(processor: string, kind: AuthorizeOutcome["kind"]): Promise<AuthorizeOutcome> {
    try {
      return await this.#effect(`authorize ${processor}`, (): AuthorizeOutcome => {
        if (kind === "declined") return { kind, reason: "insufficient_funds" };
        const isPrimary = processor === "stripe";
        if (kind === "not_executed" && isPrimary) return { kind, reason: "connection refused" };
        if (kind === "unknown" && isPrimary) {
          const atMs = this.nowMs + (this.#options.lateByMs ?? 0);
          this.payments.push({ processor, state: "approved", atMs });
          return { kind, reason: "timeout" };
        }
        this.payments.push({ processor, state: "approved", atMs: this.nowMs });
        return { kind: "approved", paymentId: "pay_1", amount: TOTAL };
      });
    } catch (error) {
      if (error instanceof DependencyDown) return { kind: "unknown", reason: error.message };
      throw error;
    }
  }
}
