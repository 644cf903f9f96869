import { type HeardPayment, reactionTo } from "../../../src/checkout/hear-payment.ts";
import {
  type Attempt,
  isOver,
  isPlaced,
  type Outcome,
} from "../../../src/checkout/saga/attempt.ts";
import type { SagaDeps } from "../../../src/checkout/saga/deps.ts";
import { finishAttempt, runAttempt } from "../../../src/checkout/saga/run-attempt.ts";
import { triesOutcome } from "../../../src/checkout/saga/tries.ts";
import type { ProcessorName } from "../../../src/payments/index.ts";
import { weatherBehind } from "../../../src/platform/dependency.ts";
import { type Answer, Answers, type Claim } from "../../../src/platform/objects/answers.ts";
import type { CheckoutId, OrderId } from "../../../src/shared/ids.ts";
import { money } from "../../../src/shared/money.ts";
import { ok } from "../../../src/shared/result.ts";
import type { Bug } from "./bugs.ts";
import type { Caller } from "./faults.ts";
import { redemptionsOf } from "./redemptions.ts";
import { simulatedDeps } from "./saga-effects.ts";
import { type Cart, CURRENCY, type Quote } from "./shop.ts";
import type { Asker } from "./turnstile.ts";
import type { World } from "./world.ts";

export type Request = {
  key: string;
  fingerprint: string;
  quote: Quote;
  tokens: readonly ProcessorName[];
};
export type Reply = { status: number; body: string };

const RESUME_AFTER_MS = 10_000;
const RETRY_MIN_MS = 2_000;
const RETRY_MAX_MS = 60_000;
const JOIN_WAIT_MS = 10_000;

/**
 * One checkout's object: what `CheckoutObject` does around the saga, with crashes. Only `#saved` and
 * the answers outlive one; a run that died is never heard of again.
 */
export class CheckoutHost {
  readonly checkoutId: CheckoutId;
  readonly orderId: OrderId;
  readonly shopper: string;
  readonly #address: string;
  readonly cart: Cart;
  readonly isCardBad: boolean;
  readonly #world: World;
  readonly #answers: Answers;
  #currentQuote: Quote | undefined;
  #saved: string | undefined;
  #attempts = 0;
  #generation = 0;
  #running: Promise<Reply> | undefined;
  #alarmAtMs = 0;
  /** The attempt whose request this instance has seen. */
  #asked: string | undefined;

  constructor(
    world: World,
    shopper: { name: string; address: string; cart: Cart; isCardBad: boolean },
    n: number,
  ) {
    this.#world = world;
    this.checkoutId = `chk_${n}` as CheckoutId;
    this.orderId = `ord_${n}` as OrderId;
    this.shopper = shopper.name;
    this.#address = shopper.address;
    this.cart = shopper.cart;
    this.isCardBad = shopper.isCardBad;
    this.#answers = new Answers(world.answers.sql);
  }

  attempt(): Attempt | undefined {
    return this.#saved === undefined ? undefined : (JSON.parse(this.#saved) as Attempt);
  }

  save(attempt: Attempt): void {
    this.#saved = JSON.stringify(attempt);
    this.#world.attempts.set(attempt.key, attempt.step);
  }

  quote(quote: Quote): boolean {
    const attempt = this.attempt();
    if (attempt && (!isOver(attempt) || isPlaced(attempt))) return false;
    this.#currentQuote = quote;
    return true;
  }

  async complete({ key, fingerprint, quote, tokens }: Request): Promise<Reply> {
    const { timeline, bug } = this.#world;
    const nowMs = timeline.nowMs;
    const before = this.attempt();
    const claim: Claim =
      bug === "answers_not_kept"
        ? { kind: "new" }
        : this.#answers.claim(this.#named(key), fingerprint, nowMs);
    const isMine = before?.answerKey === key && !isOver(before);
    const isOwed = claim.kind === "running" || claim.kind === "new";
    if (isMine && isOwed) return this.#join(before, tokens);
    if (claim.kind === "replay") return claim.answer;
    if (claim.kind !== "new") return { status: claim.kind === "conflict" ? 422 : 409, body: "" };

    if (before && (isPlaced(before) || !isOver(before))) {
      this.#answers.release(this.#named(key));
      return { status: 409, body: isPlaced(before) ? "closed" : "in progress" };
    }
    const isCurrent = quote.id === this.#currentQuote?.id;
    const isExpired = quote.expiresAtMs <= nowMs && bug !== "expired_quote_accepted";
    if (!isCurrent || isExpired) return this.#refuse(key, 409, "quote_changed");
    const attempt = this.#begin({ key, quote });
    const answer = await this.#drive(attempt, tokens);
    void this.#finish();
    return answer;
  }

  /** What its alarm does, and what it sets it to. */
  async alarm(): Promise<void> {
    const attempt = this.attempt();
    if (!attempt || isOver(attempt)) return;
    this.#arm(attempt);
    if (!this.#running) await this.#drive(attempt, []);
    await this.#finish();
  }

  /** News of a payment: answers whether it is settled, or must be told again. */
  async hear(news: HeardPayment): Promise<boolean> {
    const attempt = this.attempt();
    const total = attempt && money(this.#world.shop.quoteOf(attempt.quoteId).totalMinor, CURRENCY);
    const isRunning = this.#running !== undefined;
    const reaction = reactionTo(news, { attempt, total, isRunning });
    if (reaction === "free") return this.#free(news);
    if (reaction !== "drive" || !attempt) return reaction === "settled" || reaction === "mismatch";
    this.#arm(attempt);
    await this.#drive(attempt, []);
    await this.#finish();
    return isOver(attempt) || isPlaced(attempt);
  }

  /** What `CompletionTries` does. */
  takeTries({ key }: Attempt, caller: Caller): ReturnType<SagaDeps["takeTries"]> {
    const { turnstile, bug } = this.#world;
    if (this.#asked !== key || bug === "tries_counted_after") return Promise.resolve(ok(null));
    return turnstile.take(caller, key, this.#askers(key));
  }

  #askers(attempt: string): Asker[] {
    const owner: Asker = { kind: "owner", name: this.shopper };
    const address: Asker = { kind: "address", name: this.#address };
    return this.#asked === attempt ? [owner, address] : [owner];
  }

  async #settleTries(attempt: Attempt, outcome: Outcome, caller: Caller): Promise<void> {
    const { turnstile, bug } = this.#world;
    const isDeclined = outcome.kind === "refused" && outcome.refusal.code === "payment_declined";
    const askers = this.#askers(attempt.key);
    if (isDeclined && bug === "tries_counted_after") {
      for (const asker of askers) turnstile.takeNow(asker, attempt.key);
    }
    const isGivenBack = isDeclined && bug === "declined_try_given_back";
    const went = isGivenBack ? "right" : triesOutcome(attempt, outcome);
    if (!went) return;
    try {
      await turnstile.settle(caller, attempt.key, askers, went);
    } catch (error) {
      if (!weatherBehind(error)) throw error;
    }
  }

  #begin({ key, quote }: { key: string; quote: Quote }): Attempt {
    const { timeline, evidence, bug } = this.#world;
    this.#attempts += 1;
    const number = this.#attempts;
    const attempt: Attempt = {
      key: `${this.checkoutId}:${number}`,
      number,
      quoteId: quote.id,
      orderId: this.orderId,
      answerKey: key,
      trace: "req_simulated",
      startedAtMs: timeline.nowMs,
      step: "holding",
      redemptions: redemptionsOf(quote, this.shopper),
      isFree: quote.totalMinor === 0,
      payment: null,
      refusal: null,
    };
    this.save(attempt);
    const names = [attempt.key, this.checkoutId, quote.id];
    evidence.add("attempts", ...names, timeline.nowMs, key);
    evidence.add("buyers", attempt.key, this.shopper);
    evidence.add("askers", attempt.key, "owner", this.shopper);
    evidence.add("askers", attempt.key, "address", this.#address);
    if (bug !== "alarm_forgotten") this.#armAt(timeline.nowMs + RESUME_AFTER_MS);
    return attempt;
  }

  async #join(attempt: Attempt, tokens: readonly ProcessorName[]): Promise<Reply> {
    const late = this.#world.timeline.sleep(JOIN_WAIT_MS);
    const caller = this.#caller();
    const answer = await Promise.race([this.#drive(attempt, tokens), late]);
    // Whoever waited died with the object: what it left is for its alarm.
    if (!caller.isAlive()) return new Promise<Reply>(() => {});
    void this.#finish();
    return answer ?? { status: 409, body: "in progress" };
  }

  #drive(attempt: Attempt, tokens: readonly ProcessorName[]): Promise<Reply> {
    if (this.#running) return this.#running;
    const caller = this.#caller();
    const running = this.#run(attempt, caller, tokens).finally(() => {
      if (caller.isAlive()) this.#running = undefined;
    });
    // A crash at the first effect has already forgotten this run.
    if (caller.isAlive()) this.#running = running;
    return running;
  }

  async #run(attempt: Attempt, caller: Caller, tokens: readonly ProcessorName[]): Promise<Reply> {
    const deps = simulatedDeps(this.#world, { host: this, caller, tokens });
    if (tokens.length > 0) this.#asked = attempt.key;
    let outcome: Outcome;
    try {
      outcome = await runAttempt(attempt, deps);
    } catch (error) {
      this.#world.thrown(`saga at ${attempt.step}`, error);
      return { status: 500, body: "" };
    }
    if (!caller.isAlive()) return new Promise<Reply>(() => {});
    void this.#settleTries(attempt, outcome, caller);
    const answer = this.#conclude(attempt, outcome);
    if (!isOver(attempt)) this.#arm(attempt);
    return answer;
  }

  #conclude({ answerKey, step, refusal }: Attempt, outcome: Outcome): Reply {
    if (outcome.kind === "refused") {
      const { code } = outcome.refusal;
      return this.#refuse(answerKey, statusOf(code), code);
    }
    if (outcome.kind === "pending" && step === "undoing" && refusal) {
      return { status: statusOf(refusal.code), body: refusal.code };
    }
    const isPlaced = outcome.kind === "placed";
    return this.#settle(answerKey, isPlaced ? 201 : 202, isPlaced ? this.orderId : "pending");
  }

  #refuse(key: string, status: number, body: string): Reply {
    const { bug } = this.#world;
    if (bug === "cart_cleared_on_refusal") this.cart.clearAll();
    if (isFinal(status, bug)) return this.#settle(key, status, body);
    this.#answers.release(this.#named(key));
    return { status, body };
  }

  #settle(key: string, status: number, body: string): Reply {
    const answer: Answer = { status, body, headers: {} };
    this.#answers.settle(this.#named(key), answer);
    return answer;
  }

  async #finish(): Promise<void> {
    const attempt = this.attempt();
    if (attempt?.step !== "finishing") return;
    const deps = simulatedDeps(this.#world, { host: this, caller: this.#caller(), tokens: [] });
    if (!(await finishAttempt(attempt, deps))) this.#arm(attempt);
  }

  async #free({ key, processor }: HeardPayment): Promise<boolean> {
    const { desk } = this.#world;
    const caller = this.#caller();
    try {
      const found = await desk.find(caller, processor, key);
      if (found.kind !== "approved") return found.kind !== "none";
      const voided = await desk.void(caller, processor, found.paymentId, `${key}:orphan`);
      return voided.kind === "voided";
    } catch (error) {
      if (!weatherBehind(error)) throw error;
      return false;
    }
  }

  #caller(): Caller {
    const generation = this.#generation;
    const isAlive = () => generation === this.#generation;
    const crash = () => {
      if (!isAlive()) return;
      this.#generation += 1;
      this.#running = undefined;
      this.#asked = undefined;
    };
    return { isAlive, crash };
  }

  #arm({ startedAtMs }: Attempt): void {
    const { timeline, bug } = this.#world;
    const waitedMs = timeline.nowMs - startedAtMs;
    const delayMs = Math.min(Math.max(Math.floor(waitedMs / 4), RETRY_MIN_MS), RETRY_MAX_MS);
    if (bug !== "alarm_forgotten") this.#armAt(timeline.nowMs + delayMs);
  }

  #armAt(atMs: number): void {
    const { timeline, wire, random } = this.#world;
    this.#alarmAtMs = atMs;
    const lateMs = wire.strikes("F19 alarm late", 0.03) ? random.between(10_000, 60_000) : 0;
    timeline.after(atMs - timeline.nowMs + lateMs, () => {
      if (this.#alarmAtMs === atMs) void this.alarm();
    });
  }

  #named = (key: string): string => `${this.checkoutId}/${key}`;
}

const isFinal = (status: number, bug: Bug | undefined): boolean =>
  status < 500 && (status !== 429 || bug === "refusal_by_limit_kept");

function statusOf(code: string): number {
  if (code === "rate_limited") return 429;
  if (code === "payment_declined") return 402;
  return code === "insufficient_stock" || code === "quote_changed" ? 409 : 503;
}
