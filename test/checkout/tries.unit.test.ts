import { describe, it } from "vitest";
import type { Refusal } from "../../src/checkout/model.ts";
import type { Attempt, Outcome } from "../../src/checkout/saga/attempt.ts";
import { triesOutcome } from "../../src/checkout/saga/tries.ts";

const placed: Outcome = { kind: "placed" };
const refused = (refusal: Refusal) =>
  [{ refusal } as Attempt, { kind: "refused", refusal } as Outcome] as const;

describe("what is said of an attempt's tries", () => {
  it("takes back what was paid, and what stock or prices refused", ({ expect }) => {
    expect(triesOutcome({ refusal: null } as Attempt, placed)).toBe("right");
    expect(triesOutcome(...refused({ code: "quote_changed" }))).toBe("right");
    const gone: Refusal = { code: "insufficient_stock", shortages: [] };
    expect(triesOutcome(...refused(gone))).toBe("right");
    // Placed, and cancelled because its stock was lost.
    expect(triesOutcome({ refusal: gone } as Attempt, placed)).toBe("right");
  });

  it("never counts weather", ({ expect }) => {
    expect(triesOutcome(...refused({ code: "interrupted" }))).toBe("unasked");
    const down: Refusal = { code: "dependency_down", dependency: "object" };
    expect(triesOutcome(...refused(down))).toBe("unasked");
    const away: Refusal = { code: "payments_unavailable", reason: "not_executed" };
    expect(triesOutcome(...refused(away))).toBe("unasked");
  });

  it("leaves counted what was declined, and what nobody knows yet", ({ expect }) => {
    const declined: Refusal = { code: "payment_declined", reason: "stolen_card" };
    expect(triesOutcome(...refused(declined))).toBeUndefined();
    const pending: Outcome = { kind: "pending" };
    expect(triesOutcome({ refusal: null } as Attempt, pending)).toBeUndefined();
    expect(triesOutcome({ refusal: declined } as Attempt, pending)).toBeUndefined();
  });
});
