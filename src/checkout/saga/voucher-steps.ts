import { redeemsNothing } from "../../promotions/index.ts";
import type { Attempt, Move } from "./attempt.ts";
import type { SagaDeps } from "./deps.ts";
import { attempted, WEATHER } from "./weather.ts";

/** Where an attempt goes whose stock is held: it uses up its codes first, if it has any. */
export const afterHold = (attempt: Attempt) =>
  redeemsNothing(attempt.redemptions) ? afterRedeem(attempt) : "redeeming";

/** Where nothing is left to pay, no processor is asked. */
const afterRedeem = (attempt: Attempt) => (attempt.isFree ? "appending" : "authorizing");

/**
 * Uses up coupons and vouchers, all in parallel, before any money moves: the last use of a code may
 * have gone to somebody else since the quote. The undo is `restore`.
 */
export async function redeem(attempt: Attempt, deps: SagaDeps): Promise<Move> {
  if (!isPayable(attempt, deps)) {
    return { to: "undoing", note: "nobody waits", refusal: { code: "interrupted" } };
  }
  const redeemed = await attempted(() => deps.redeem(attempt));
  if (redeemed === WEATHER) {
    const refusal = { code: "dependency_down" as const, dependency: "object" };
    return { to: "undoing", note: "a code could not be asked", refusal };
  }
  if (!redeemed.ok) {
    const { refused } = redeemed.error;
    const note = refused.map(({ code, reason }) => `${code}: ${reason}`).join(", ");
    return { to: "undoing", note, refusal: { code: "quote_changed", refused } };
  }
  return { to: afterRedeem(attempt), note: "codes redeemed" };
}

/** Gives codes back, whatever came of redeeming them; a redemption that is still on its way is barred. */
export async function restore(attempt: Attempt, deps: SagaDeps): Promise<"wait" | "restored"> {
  if (redeemsNothing(attempt.redemptions)) return "restored";
  return (await attempted(() => deps.restore(attempt))) === WEATHER ? "wait" : "restored";
}

/** Whether an attempt can still come to an end: with nobody there, only one that costs nothing can. */
export const isPayable = (attempt: Attempt, deps: SagaDeps): boolean =>
  attempt.isFree || deps.payableWith().length > 0;
