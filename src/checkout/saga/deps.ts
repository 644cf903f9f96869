import type { Shortage as StockShortage } from "../../inventory/index.ts";
import type {
  AuthorizeOutcome,
  FoundPayment,
  ProcessorName,
  VoidOutcome,
} from "../../payments/index.ts";
import type { RateLimited } from "../../platform/limits/index.ts";
import type { CodeRefusal } from "../../promotions/index.ts";
import type { Sku } from "../../shared/ids.ts";
import type { Result } from "../../shared/result.ts";
import type { Attempt } from "./attempt.ts";

/**
 * The effects of the saga, each of which may be repeated without harm. Any of them may throw weather:
 * then nothing is known about it, and it is called again.
 */
export type SagaDeps = {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
  /** Writes the attempt to storage. Synchronous: it is durable before the next effect can leave. */
  journal(attempt: Attempt, note: string): void;

  /**
   * Takes the tries of whoever asks, once for the attempt; refuses one too many. Nothing is taken where
   * nobody asks: an attempt that was resumed.
   */
  takeTries(attempt: Attempt): Promise<Result<unknown, RateLimited>>;
  hold(attempt: Attempt): Promise<Result<unknown, Shortage>>;
  release(attempt: Attempt): Promise<void>;
  /** Whether the cart and the prices are still those of the quote. */
  termsHold(attempt: Attempt): Promise<boolean>;

  /** Uses up the attempt's coupons and vouchers; when one refuses, others may be used up. */
  redeem(attempt: Attempt): Promise<Result<unknown, { code: string; refused: CodeRefusal[] }>>;
  restore(attempt: Attempt): Promise<void>;

  /** The processors that can be tried with the tokens at hand, in order. Empty when nobody waits. */
  payableWith(): readonly ProcessorName[];
  authorize(attempt: Attempt, processor: ProcessorName): Promise<AuthorizeOutcome>;
  find(attempt: Attempt, processor: ProcessorName): Promise<FoundPayment>;
  voidPayment(attempt: Attempt): Promise<VoidOutcome>;
  /** Whether an approval is for exactly the money of the quote. */
  isExact(attempt: Attempt, amount: { amount: number; currency: string }): boolean;

  /** Appends the order's first event; a repeat finds it there. */
  place(attempt: Attempt): Promise<void>;
  /** Sells what was held; answers the SKUs whose hold had ended and whose units are gone. */
  commit(attempt: Attempt): Promise<readonly Sku[]>;
  /** Cancels the placed order, so that its money goes back, and whatever of its stock was sold. */
  cancelPlaced(attempt: Attempt): Promise<void>;
  /** Clears what was bought from the cart and publishes the order's events. */
  finish(attempt: Attempt): Promise<void>;

  /** How long after sending "no such payment" may still mean "not yet". */
  settleMs: number;
};

export type Shortage = {
  /** `locations_short`: the agreed locations lack what others may have. */
  code: "insufficient_stock" | "locations_short";
  shortages: StockShortage[];
};
