import type { HeardNews, PaymentNews } from "../payments/index.ts";
import type { Money } from "../shared/money.ts";
import { type Attempt, isOver, isPlaced } from "./saga/attempt.ts";

/** What a checkout is told about a payment; `key` is the attempt's. */
export type HeardPayment = Pick<PaymentNews, "processor" | "kind" | "amount"> & {
  key: string;
  trace: string;
};

/** `drive`: run the attempt, which asks the processor. `free`: give back what no order will use. */
type Reaction = HeardNews | "drive" | "free";

/**
 * What news of a payment means to a checkout. News alone never changes anything: at most it makes the
 * checkout ask now what its alarm would ask later.
 */
export function reactionTo(
  { key, kind, amount }: HeardPayment,
  now: { attempt: Attempt | undefined; total: Money | undefined; isRunning: boolean },
): Reaction {
  const { attempt, total, isRunning } = now;
  const number = Number(key.split(":")[1]);
  if (!attempt || !(number <= attempt.number)) return "unknown_payment";
  const isCurrent = attempt.key === key;
  if (isCurrent && amount && total && !sameMoney(amount, total)) return "mismatch";
  if (isCurrent && isPlaced(attempt)) return "settled";
  if (isCurrent && !isOver(attempt)) {
    if (!isRunning) return "drive";
    // The request that is under way has its answer before it; if it dies, the alarm asks.
    return attempt.step === "authorizing" ? "settled" : "not_yet";
  }
  // The attempt is over and has no order: an approval that comes now would hold money for nothing.
  return kind === "approval" || kind === "movement" ? "free" : "settled";
}

const sameMoney = (a: Money, b: Money): boolean =>
  a.amount === b.amount && a.currency === b.currency;
