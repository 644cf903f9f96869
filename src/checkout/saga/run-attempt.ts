import { assert } from "../../shared/assert.ts";
import type { Refusal } from "../model.ts";
import type { Attempt, AttemptStep, Move, Outcome } from "./attempt.ts";
import type { SagaDeps } from "./deps.ts";
import { ask, authorize, takeBack } from "./payment-steps.ts";
import { hold } from "./stock-steps.ts";
import { redeem, restore } from "./voucher-steps.ts";
import { attempted, WEATHER } from "./weather.ts";

const STEPS_MAX = 12;

/**
 * Drives an attempt from wherever its journal says it stands. Answers `placed` as soon as the stock
 * is committed: clearing the cart and publishing follow by `finishAttempt`. Answers `pending` when it
 * must wait; the caller then runs it again later. It never throws for weather.
 */
export async function runAttempt(attempt: Attempt, deps: SagaDeps): Promise<Outcome> {
  for (let turn = 0; turn < STEPS_MAX; turn += 1) {
    switch (attempt.step) {
      case "finishing":
      case "done":
        return attempt.refusal ? { kind: "refused", refusal: attempt.refusal } : { kind: "placed" };
      case "undone":
        assert(attempt.refusal, "an undone attempt has a reason");
        return { kind: "refused", refusal: attempt.refusal };
    }
    const move = await STEPS[attempt.step](attempt, deps);
    // The order exists once `committing` was reached, whatever the weather says about the stock.
    if (move === "wait") return { kind: attempt.step === "committing" ? "placed" : "pending" };
    enter(attempt, deps, move);
  }
  throw new Error(`checkout attempt ${attempt.key} did not settle in ${STEPS_MAX} steps`);
}

/** What follows an order and that nobody waits for. False when it must be tried again later. */
export async function finishAttempt(attempt: Attempt, deps: SagaDeps): Promise<boolean> {
  if (attempt.step !== "finishing") return attempt.step === "done" || attempt.step === "undone";
  if ((await attempted(() => deps.finish(attempt))) === WEATHER) return false;
  enter(attempt, deps, { to: "done", note: "cart cleared, events published" });
  return true;
}

type ActiveStep = Exclude<AttemptStep, "finishing" | "done" | "undone">;

const STEPS: Record<ActiveStep, (attempt: Attempt, deps: SagaDeps) => Promise<Move>> = {
  holding: hold,
  redeeming: redeem,
  authorizing: authorize,
  asking: ask,
  appending: append,
  committing: commit,
  undoing: undo,
};

function enter(
  attempt: Attempt,
  deps: SagaDeps,
  { to, note, refusal }: Exclude<Move, "wait">,
): void {
  attempt.step = to;
  if (refusal) attempt.refusal = refusal;
  deps.journal(attempt, note);
}

const APPEND_TRIES = 2;

/** A lost answer looks like a failure, so it is simply sent again: the unique key makes it once. */
async function append(attempt: Attempt, deps: SagaDeps): Promise<Move> {
  for (let tried = 0; tried < APPEND_TRIES; tried += 1) {
    if ((await attempted(() => deps.place(attempt))) !== WEATHER) {
      return { to: "committing", note: "order appended" };
    }
  }
  return "wait";
}

async function commit(attempt: Attempt, deps: SagaDeps): Promise<Move> {
  const lost = await attempted(() => deps.commit(attempt));
  if (lost === WEATHER) return "wait";
  if (lost.length === 0) return { to: "finishing", note: "stock committed" };
  // The hold ran out while the payment was pending and its stock went to others: the order cannot be
  // fulfilled, so it is cancelled, which sends the money back.
  if ((await attempted(() => deps.cancelPlaced(attempt))) === WEATHER) return "wait";
  const shortages = lost.map((sku) => ({ sku, available: 0 }));
  const refusal: Refusal = { code: "insufficient_stock", shortages };
  return { to: "finishing", note: "stock was lost, order cancelled", refusal };
}

/** Undoes in reverse: first the money, then the codes, then the stock. */
async function undo(attempt: Attempt, deps: SagaDeps): Promise<Move> {
  const money = await takeBack(attempt, deps);
  if (money !== "nothing_held") return money;
  if ((await restore(attempt, deps)) === "wait") return "wait";
  if ((await attempted(() => deps.release(attempt))) === WEATHER) return "wait";
  return { to: "undone", note: "codes restored, stock released" };
}
