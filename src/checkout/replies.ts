import { claimProblem } from "../platform/http/idempotency.ts";
import { invalid, Problem, problemBody, problemStatus } from "../platform/http/problem.ts";
import { rateLimited } from "../platform/limits/index.ts";
import type { Answer, Claim } from "../platform/objects/answers.ts";
import { assert } from "../shared/assert.ts";
import type { PlacedOrder, Refusal, ValidatedCheckout } from "./model.ts";

/** What the object says to a route: an answer as it will be sent, byte for byte. */
export type Reply = { answer: Answer; isReplay: boolean };

export const reply = (answer: Answer, isReplay = false): Reply => ({ answer, isReplay });

export const jsonAnswer = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Answer => ({
  status,
  body: JSON.stringify(body),
  headers: { "Content-Type": "application/json", ...headers },
});

export const problemAnswer = (problem: Problem, requestId: string): Answer => ({
  status: problemStatus(problem),
  body: problemBody(problem, requestId),
  headers: { "Content-Type": "application/problem+json", ...problem.headers },
});

export const placedAnswer = (order: PlacedOrder["order"]): Answer => jsonAnswer(201, { order });

export const pendingAnswer = (checkoutId: string): Answer =>
  jsonAnswer(
    202,
    { checkoutId, status: "payment_pending" },
    { Location: `/api/v2/checkouts/${checkoutId}` },
  );

const RETRY_SOON = { "Retry-After": "2" };

/** How a refusal is told. `requoted` is the new quote, where one could be made. */
export function refusalProblem(refusal: Refusal, requoted?: ValidatedCheckout): Problem {
  switch (refusal.code) {
    case "payment_declined":
      return new Problem("payment-declined", { reason: refusal.reason });
    case "payments_unavailable":
      return new Problem("payments-unavailable", { reason: refusal.reason }, RETRY_SOON);
    case "insufficient_stock": {
      const { shortages } = refusal;
      const isLimit = shortages.every(({ max }) => max !== undefined);
      if (isLimit && shortages.length > 0) return new Problem("purchase-limit", { shortages });
      const available = shortages[0]?.available ?? 0;
      return new Problem("insufficient-stock", { available, shortages });
    }
    case "quote_changed":
      return new Problem("quote-changed", {
        quote: requoted?.quote ?? null,
        problems: requoted?.problems ?? [],
        ...(refusal.refused ? { refused: refusal.refused } : {}),
      });
    case "dependency_down":
      return new Problem("dependency-unavailable", { dependency: refusal.dependency }, RETRY_SOON);
    case "rate_limited":
      return rateLimited(refusal);
    case "interrupted":
      return new Problem("dependency-unavailable", { dependency: "checkout" }, RETRY_SOON);
  }
}

/** "Not now" is no answer to keep: the same request may be sent again with the same key. */
export const isFinal = ({ status }: Answer): boolean => status < 500 && status !== 429;

/** The refusal in a few words, for `GET /checkouts/{id}`. */
export const refusalReason = (refusal: Refusal): string =>
  "reason" in refusal ? `${refusal.code}: ${refusal.reason}` : refusal.code;

/** What a request is told whose key was known already. */
export function claimedReply(claim: Exclude<Claim, { kind: "new" }>, trace: string): Reply {
  if (claim.kind === "replay") return reply(claim.answer, true);
  const problem = claimProblem(claim);
  assert(problem, "a claim that is neither new nor a replay is refused");
  return reply(problemAnswer(problem, trace));
}

export const paymentMissing = () =>
  invalid({ pointer: "/payment", code: "required", message: "something is left to pay" });

export const inProgress = () => new Problem("request-in-progress", {}, { "Retry-After": "1" });
