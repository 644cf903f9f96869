import { ownerName } from "../cart/index.ts";
import type { Io } from "../platform/io/io.ts";
import {
  attempts,
  type Claim,
  type LimiterBinding,
  type RateLimited,
  settleTries,
  takeTries,
} from "../platform/limits/index.ts";
import { logError } from "../platform/telemetry/log.ts";
import { Meter } from "../platform/telemetry/meter.ts";
import { assert } from "../shared/assert.ts";
import { ok, type Result } from "../shared/result.ts";
import type { CheckoutStore } from "./checkout-store.ts";
import type { Attempt, Outcome } from "./saga/attempt.ts";
import { triesOutcome } from "./saga/tries.ts";

const TEN_MINUTES_MS = 10 * 60_000;

/** One cart or account: nobody's cards are declined ten times in ten minutes by mistake. */
const OF_OWNER = attempts("checkout", {
  tries: 10,
  perMs: TEN_MINUTES_MS,
  all: { tries: 60, perMs: TEN_MINUTES_MS },
});
/**
 * One address, behind which may be an office: sixty that pay in the same moment or are declined, and as
 * many orders in ten minutes as the gate's pace lets begin.
 */
const OF_ADDRESS = attempts("checkout-address", {
  tries: 60,
  perMs: TEN_MINUTES_MS,
  all: { tries: 600, perMs: TEN_MINUTES_MS },
});

/**
 * The tries that completing takes. The address is known to a request alone and stays in memory: after a
 * crash nobody can say how its try went, so it counts until it comes back with time.
 */
export class CompletionTries {
  readonly #env: LimiterBinding;
  readonly #store: CheckoutStore;
  #asked: { attempt: string; address: string | undefined } | undefined;

  constructor(env: LimiterBinding, store: CheckoutStore) {
    this.#env = env;
    this.#store = store;
  }

  /** Whose request drives the attempt now, as the subject that its address is counted as. */
  note({ key }: Attempt, address: string | undefined): void {
    this.#asked = { attempt: key, address };
  }

  /** One round trip. Who is resumed without a request has nobody to be counted for. */
  async take(attempt: Attempt, io: Io): Promise<Result<unknown, RateLimited>> {
    if (this.#asked?.attempt !== attempt.key) return ok(null);
    const claims = this.#claims(attempt);
    return claims.length === 0 ? ok(null) : takeTries(this.#env, io, claims);
  }

  /** Behind the answer, so it is metered for nobody. Should it be lost, the attempt counts as wrong. */
  async settle(attempt: Attempt, outcome: Outcome, { config }: Io): Promise<void> {
    const went = triesOutcome(attempt, outcome);
    if (!went) return;
    try {
      const claims = this.#claims(attempt);
      await settleTries(this.#env, { config, meter: new Meter() }, claims, went);
    } catch (error) {
      logError("checkout.tries_not_settled", error, { attempt: attempt.key });
    }
  }

  /**
   * A guest's cart costs nothing to make, so the first completion of its checkout counts for no more
   * than its address: an object for each purchase would guard nothing.
   */
  #claims({ key: attempt, number }: Attempt): Claim[] {
    const record = this.#store.record();
    assert(record, "an attempt belongs to a checkout");
    const { owner } = record;
    const ofOwner = owner.kind === "user" || number > 1;
    const address = this.#asked?.attempt === attempt ? this.#asked.address : undefined;
    return [
      ...(ofOwner ? [{ policy: OF_OWNER, subject: ownerName(owner), attempt }] : []),
      ...(address === undefined ? [] : [{ policy: OF_ADDRESS, subject: address, attempt }]),
    ];
  }
}
