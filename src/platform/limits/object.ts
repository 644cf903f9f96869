import { DurableObject } from "cloudflare:workers";
import { type Bucket, returnToken, takeToken } from "../../shared/token-bucket.ts";
import {
  type AttemptBook,
  attemptsForgottenAtMs,
  NO_ATTEMPTS,
  settleAttempt,
  tryAttempt,
} from "./attempts.ts";
import {
  EMPTY_BOOK,
  emptyAtMs,
  type GuessBook,
  guessedRight,
  tryGuess,
  withTryReturned,
} from "./guess.ts";
import type { AttemptPolicy, GuessPolicy, Policy, QuotaPolicy } from "./policy.ts";

export type Taken =
  | { ok: true; place: string; left: number; resetMs: number }
  | { ok: false; retryAfterMs: number; of?: "tries" | "all" };

/** `right`: the secret was right. `unasked`: the try was never evaluated and does not count. */
export type Outcome = "right" | "unasked";

type State = {
  bucket?: Bucket | undefined;
  book: GuessBook;
  attempts?: AttemptBook | undefined;
  forgetAtMs: number;
  alarmAtMs: number;
};

const KEY = "state";
/** Alarms come early rather than often: one that finds something to remember sets itself again. */
const ALARM_EARLIEST_MS = 60_000;

/**
 * One subject under one policy: an account, an address, a code. Its methods are synchronous, so of a
 * hundred tries at once exactly as many get through as the policy says. What it stores is bounded, a
 * refused try writes nothing, and when there is nothing left to remember it deletes itself.
 */
export class LimiterObject extends DurableObject {
  #state: State | undefined = this.ctx.storage.kv.get<State>(KEY);

  /**
   * Takes one try, or says when to come again. `places`: digests, the most telling first; of an attempt
   * the one of its key.
   */
  take(policy: Policy, places: readonly string[]): Taken {
    const nowMs = Date.now();
    switch (policy.kind) {
      case "quota":
        return this.#takeQuota(policy, nowMs);
      case "guess":
        return this.#takeGuess(policy, places, nowMs);
      case "attempt":
        return this.#takeAttempt(policy, places[0]!, nowMs);
    }
  }

  /** Says how a try that was taken went. A wrong one needs no word: it was counted when it was taken. */
  settle(policy: Policy, place: string, outcome: Outcome): void {
    const nowMs = Date.now();
    if (policy.kind === "quota") {
      const bucket = returnToken(this.#state?.bucket, limitOf(policy));
      if (bucket) this.#save({ book: EMPTY_BOOK, bucket }, bucket.fullAtMs, nowMs);
      return;
    }
    if (policy.kind === "attempt") {
      const before = this.#state?.attempts ?? NO_ATTEMPTS;
      const attempts = settleAttempt(before, policy, place, outcome);
      if (attempts !== before) this.#saveAttempts(attempts, nowMs);
      return;
    }
    const settled = outcome === "right" ? guessedRight : withTryReturned;
    const book = settled(this.#state?.book ?? EMPTY_BOOK, policy, place, nowMs);
    this.#save({ book }, emptyAtMs(book, policy), nowMs);
  }

  override async alarm(): Promise<void> {
    const state = this.#state;
    if (state && state.forgetAtMs > Date.now()) {
      this.#state = { ...state, alarmAtMs: state.forgetAtMs };
      this.ctx.storage.kv.put(KEY, this.#state);
      await this.ctx.storage.setAlarm(state.forgetAtMs);
      return;
    }
    this.#state = undefined;
    await this.ctx.storage.deleteAll();
  }

  #takeQuota(policy: QuotaPolicy, nowMs: number): Taken {
    const limit = limitOf(policy);
    const taken = takeToken(this.#state?.bucket, limit, nowMs);
    if (!taken.ok) return taken;
    const { bucket, left } = taken;
    this.#save({ book: EMPTY_BOOK, bucket }, bucket.fullAtMs, nowMs);
    return { ok: true, place: "", left, resetMs: limit.tokenMs };
  }

  #takeAttempt(policy: AttemptPolicy, attempt: string, nowMs: number): Taken {
    const before = this.#state?.attempts ?? NO_ATTEMPTS;
    const tried = tryAttempt(before, policy, attempt, nowMs);
    if (!tried.ok) return tried;
    if (tried.book !== before) this.#saveAttempts(tried.book, nowMs);
    return { ok: true, place: attempt, left: tried.left, resetMs: tried.resetMs };
  }

  #saveAttempts(attempts: AttemptBook, nowMs: number): void {
    this.#save({ book: EMPTY_BOOK, attempts }, attemptsForgottenAtMs(attempts), nowMs);
  }

  #takeGuess(policy: GuessPolicy, places: readonly string[], nowMs: number): Taken {
    const guess = tryGuess(this.#state?.book ?? EMPTY_BOOK, policy, places, nowMs);
    if (!guess.ok) return guess;
    const { book, place, left, resetMs } = guess;
    this.#save({ book }, emptyAtMs(book, policy), nowMs);
    return { ok: true, place, left, resetMs };
  }

  #save(
    kept: Pick<State, "book" | "bucket" | "attempts">,
    forgetAtMs: number,
    nowMs: number,
  ): void {
    const armedAtMs = this.#state?.alarmAtMs ?? 0;
    // One that should have rung and did not is set anew: the runtime drops an alarm that failed too often.
    const isArmed = armedAtMs > nowMs - ALARM_EARLIEST_MS;
    const alarmAtMs = isArmed ? armedAtMs : Math.max(forgetAtMs, nowMs + ALARM_EARLIEST_MS);
    this.#state = { ...kept, forgetAtMs, alarmAtMs };
    this.ctx.storage.kv.put(KEY, this.#state);
    if (!isArmed) void this.ctx.storage.setAlarm(alarmAtMs);
  }
}

const limitOf = ({ tries, perMs }: QuotaPolicy) => ({ burst: tries, tokenMs: perMs / tries });
