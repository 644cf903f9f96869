import { describe, it } from "vitest";
import { type HeardPayment, reactionTo } from "../../src/checkout/hear-payment.ts";
import type { Attempt, AttemptStep } from "../../src/checkout/saga/attempt.ts";
import { money } from "../../src/shared/money.ts";

const TOTAL = money(2_499, "USD");
const news = (about: Partial<HeardPayment> = {}): HeardPayment => ({
  processor: "stripe",
  kind: "approval",
  amount: TOTAL,
  key: "chk_1:2",
  trace: "req_1",
  ...about,
});
const at = (step: AttemptStep, isRunning = false) => ({
  attempt: { key: "chk_1:2", number: 2, step } as Attempt,
  total: TOTAL,
  isRunning,
});

describe("news of a payment", () => {
  it("makes a checkout ask that waits for it, and only such a one", ({ expect }) => {
    expect(reactionTo(news(), at("asking"))).toBe("drive");
    expect(reactionTo(news(), at("authorizing"))).toBe("drive");
    expect(reactionTo(news(), at("undoing"))).toBe("drive");
    for (const step of ["committing", "finishing", "done"] as const) {
      expect(reactionTo(news(), at(step)), step).toBe("settled");
    }
  });

  it("leaves a payment under way to the request that makes it", ({ expect }) => {
    expect(reactionTo(news(), at("authorizing", true))).toBe("settled");
    expect(reactionTo(news(), at("asking", true))).toBe("not_yet");
  });

  it("frees money that no order will use: an attempt given up, or an earlier one", ({ expect }) => {
    expect(reactionTo(news(), at("undone"))).toBe("free");
    expect(reactionTo(news({ kind: "movement" }), at("undone"))).toBe("free");
    expect(reactionTo(news({ key: "chk_1:1" }), at("done"))).toBe("free");
    expect(reactionTo(news({ kind: "refusal" }), at("undone"))).toBe("settled");
  });

  it("of other money changes nothing, whatever the checkout is doing", ({ expect }) => {
    for (const amount of [money(2_498, "USD"), money(2_499, "EUR")]) {
      for (const step of ["asking", "done", "undone"] as const) {
        expect(reactionTo(news({ amount }), at(step))).toBe("mismatch");
      }
    }
    expect(reactionTo(news({ amount: null }), at("asking"))).toBe("drive");
  });

  it("of an attempt that was never made is unknown", ({ expect }) => {
    for (const key of ["chk_1:3", "chk_1:x", "chk_1"]) {
      expect(reactionTo(news({ key }), at("asking")), key).toBe("unknown_payment");
    }
    const none = { attempt: undefined, total: undefined, isRunning: false };
    expect(reactionTo(news(), none)).toBe("unknown_payment");
  });
});
