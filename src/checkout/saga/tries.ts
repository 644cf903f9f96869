import type { Attempt, Outcome } from "./attempt.ts";

/** How an attempt's tries went: nothing was wrong, or it came to nothing by no fault of the shopper. */
type TriesOutcome = "right" | "unasked";

/**
 * What is to be said of the tries that an attempt took before its hold. Nothing while nobody knows the
 * end, nor of what has to stay counted: a card that was declined.
 */
export function triesOutcome({ refusal }: Attempt, outcome: Outcome): TriesOutcome | undefined {
  if (outcome.kind === "pending") return undefined;
  switch (refusal?.code) {
    case undefined:
    case "insufficient_stock":
    case "quote_changed":
      return "right";
    case "dependency_down":
    case "interrupted":
    case "payments_unavailable":
    // Refused by a limit: what others had granted was given back at once, unless that failed.
    case "rate_limited":
      return "unasked";
    case "payment_declined":
      return undefined;
  }
}
