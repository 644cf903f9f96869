import type { CheckoutRecord } from "./checkout-store.ts";
import type { CheckoutStatus } from "./model.ts";
import { isBlocking } from "./quote.ts";
import { type Attempt, isOver, isPlaced } from "./saga/attempt.ts";

/** A payment that stays unknown for longer than this wants a person's eye. */
const ESCALATE_AFTER_MS = 30 * 60 * 1000;

/** The public status, derived from what is stored so that the two can never disagree. */
export function statusOf(
  record: CheckoutRecord,
  attempt: Attempt | undefined,
  nowMs: number,
): CheckoutStatus {
  if (record.canceledBecause !== null) return "canceled";
  if (attempt && isPlaced(attempt)) return "completed";
  if (attempt?.step === "asking") {
    const waitedMs = nowMs - attempt.startedAtMs;
    return waitedMs > ESCALATE_AFTER_MS ? "requires_escalation" : "payment_pending";
  }
  if (attempt && !isOver(attempt)) return "complete_in_progress";
  return record.problems.some(isBlocking) ? "incomplete" : "ready_for_complete";
}
