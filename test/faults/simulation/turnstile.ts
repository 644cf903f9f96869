import {
  type AttemptBook,
  type AttemptOutcome,
  NO_ATTEMPTS,
  settleAttempt,
  tryAttempt,
} from "../../../src/platform/limits/attempts.ts";
import { attempts, type RateLimited } from "../../../src/platform/limits/index.ts";
import { err, ok, type Result } from "../../../src/shared/result.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Caller, Wire } from "./faults.ts";
import type { Timeline } from "./timeline.ts";

const TOKEN_MS = 60_000;
const UNBOUND = { tries: 10_000, perMs: 10_000 * TOKEN_MS };
const policy = (name: string, tries: number) =>
  attempts(name, { tries, perMs: tries * TOKEN_MS, all: UNBOUND });
/** So tight that it binds within one rush, or so wide that nobody meets it. */
const TIGHT = { owner: policy("owner", 3), address: policy("address", 5) };
const WIDE = { owner: policy("owner", 500), address: policy("address", 2_000) };

export type Asker = { kind: "owner" | "address"; name: string };

/** The limiters' objects: the product's rule, one book for each subject, behind the network. */
export class Turnstile {
  readonly #books = new Map<string, AttemptBook>();
  readonly #policies: typeof TIGHT;
  readonly #parts: { wire: Wire; timeline: Timeline; evidence: Evidence };

  constructor(parts: { wire: Wire; timeline: Timeline; evidence: Evidence; isTight: boolean }) {
    this.#parts = parts;
    this.#policies = parts.isTight ? TIGHT : WIDE;
    for (const [kind, { tries, perMs }] of Object.entries(this.#policies)) {
      parts.evidence.add("try_limits", kind, tries, perMs / tries);
    }
  }

  /** What `takeTries` does over several limiters: all or none. */
  async take(
    caller: Caller,
    attempt: string,
    askers: readonly Asker[],
  ): Promise<Result<unknown, RateLimited>> {
    const take = (asker: Asker) =>
      this.#parts.wire.call(caller, "take_tries", () => this.takeNow(asker, attempt));
    const taken = await Promise.all(askers.map(take));
    const refused = taken.find((one) => !one.ok);
    if (refused && taken.some((one) => one.ok)) {
      await this.settle(caller, attempt, askers, "unasked");
    }
    return refused ?? ok(null);
  }

  async settle(
    caller: Caller,
    attempt: string,
    askers: readonly Asker[],
    outcome: AttemptOutcome,
  ): Promise<void> {
    const settle = (asker: Asker) =>
      this.#parts.wire.call(caller, "settle_tries", () => {
        const { policy, name } = this.#of(asker);
        const book = this.#books.get(name) ?? NO_ATTEMPTS;
        this.#books.set(name, settleAttempt(book, policy, attempt, outcome));
      });
    await Promise.all(askers.map(settle));
  }

  takeNow(asker: Asker, attempt: string): Result<unknown, RateLimited> {
    const { policy, name } = this.#of(asker);
    const book = this.#books.get(name) ?? NO_ATTEMPTS;
    const tried = tryAttempt(book, policy, attempt, this.#parts.timeline.nowMs);
    if (tried.ok) {
      this.#books.set(name, tried.book);
      return ok(null);
    }
    const { retryAfterMs } = tried;
    const { name: limit, tries, perMs: windowMs } = policy;
    return err({ code: "rate_limited", policy: limit, tries, windowMs, retryAfterMs });
  }

  #of({ kind, name }: Asker) {
    return { policy: this.#policies[kind], name: `${kind} ${name}` };
  }
}
