import { weatherBehind } from "../../platform/dependency.ts";
import type { Refusal } from "../model.ts";
import type { Attempt, Move } from "./attempt.ts";
import type { SagaDeps } from "./deps.ts";
import { afterHold, isPayable } from "./voucher-steps.ts";

/**
 * Holds every line and, side by side, takes a try of whoever asks and checks that cart and prices are
 * still those of the quote: each can refuse and none can be seen from outside, so running them together
 * saves two round trips. The undo is the release in `undo`.
 */
export async function hold(attempt: Attempt, deps: SagaDeps): Promise<Move> {
  // Nobody is there to pay: the request that held the tokens died with its isolate.
  if (!isPayable(attempt, deps)) return undo({ code: "interrupted" }, "nobody waits");

  const [tried, held, terms] = await Promise.allSettled([
    deps.takeTries(attempt),
    deps.hold(attempt),
    deps.termsHold(attempt),
  ]);
  for (const failed of [tried, held, terms]) {
    if (failed.status !== "rejected") continue;
    const weather = weatherBehind(failed.reason);
    if (!weather) throw failed.reason;
    const dependency = weather.dependency ?? "object";
    return undo({ code: "dependency_down", dependency }, `${dependency} is down`);
  }
  // Before the others: who has tried too often learns nothing of stock and prices.
  if (tried.status === "fulfilled" && !tried.value.ok) {
    return undo(tried.value.error, `over the limit ${tried.value.error.policy}`);
  }
  if (held.status === "fulfilled" && !held.value.ok) {
    const { code, shortages } = held.value.error;
    // Other locations may have it: the shopper is shown what can be had now.
    if (code === "locations_short") return undo({ code: "quote_changed" }, "locations are short");
    return undo({ code: "insufficient_stock", shortages }, "stock refused");
  }
  if (terms.status === "fulfilled" && !terms.value) {
    return undo({ code: "quote_changed" }, "cart or prices changed");
  }
  return { to: afterHold(attempt), note: "stock held" };
}

const undo = (refusal: Refusal, note: string): Move => ({ to: "undoing", note, refusal });
