import type { Context } from "hono";
import { addressClaim } from "../platform/gate/index.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { executionContextOf } from "../platform/http/execution-context.ts";
import {
  type Claim,
  guesses,
  quota,
  type RateLimited,
  type Tries,
  takeTries,
} from "../platform/limits/index.ts";
import type { Result } from "../shared/result.ts";
import { type CartOwner, ownerName } from "./model.ts";

/** Ten wrong codes, then longer and longer waits; a right one clears them. */
const CODES_OF_CART = guesses("cart-codes", { tries: 10 });
/** Whoever makes a new cart for each guess. Right codes are not counted. */
const CODES_FROM_ADDRESS = quota("cart-codes-address", 60, 10 * 60_000);

/** A try at a coupon's or voucher's code. It counts as wrong until it is said to be right. */
export type CodeTry = {
  /** Beside what the change reads anyway, so that it costs no round trip; before anything is answered. */
  take(): Promise<Result<Tries, RateLimited>>;
  /** Behind the answer: the shopper who typed it need not wait. */
  settle(outcome: "right" | "unasked"): void;
};

/** Who has no cart yet is counted as their address; nobody from inside is. */
export function codeTry(c: Context<ApiEnv>, owner: CartOwner | undefined): CodeTry {
  const { visitor, io, meter } = c.var;
  const subject = owner ? ownerName(owner) : visitor.address;
  const ofCart: Claim[] = subject === undefined ? [] : [{ policy: CODES_OF_CART, subject }];
  const claims = [...ofCart, ...addressClaim(c, CODES_FROM_ADDRESS)];
  let taken: Tries | undefined;
  return {
    async take() {
      const tried = await takeTries(c.env, { config: io.config, meter }, claims);
      if (tried.ok) taken = tried.value;
      return tried;
    },
    settle(outcome) {
      const settled = taken?.[outcome]() ?? Promise.resolve();
      executionContextOf(c)?.waitUntil(settled);
    },
  };
}
