import fc from "fast-check";
import { describe, it } from "vitest";
import {
  type AttemptBook,
  NO_ATTEMPTS,
  settleAttempt,
  tryAttempt,
} from "../../../src/platform/limits/attempts.ts";
import { attempts } from "../../../src/platform/limits/policy.ts";

const NOW = 1_800_000_000_000;
const TOKEN_MS = 10_000;
const POLICY = attempts("test-attempts", {
  tries: 5,
  perMs: 5 * TOKEN_MS,
  all: { tries: 12, perMs: 12 * TOKEN_MS },
});

/** A subject's book, as its object keeps it. */
function subject() {
  let book: AttemptBook = NO_ATTEMPTS;
  return {
    book: () => book,
    take(attempt: string, nowMs = NOW) {
      const tried = tryAttempt(book, POLICY, attempt, nowMs);
      if (tried.ok) book = tried.book;
      return tried;
    },
    settle(attempt: string, outcome: "right" | "unasked") {
      book = settleAttempt(book, POLICY, attempt, outcome);
    },
  };
}

describe("an attempt", () => {
  it("counts as wrong while it is under way: of many at once the limit gets through", ({
    expect,
  }) => {
    const { take } = subject();
    const taken = Array.from({ length: 100 }, (_, n) => take(`a${n}`));
    expect(taken.filter(({ ok }) => ok)).toHaveLength(5);
    expect(taken.at(-1)).toEqual({ ok: false, of: "tries", retryAfterMs: TOKEN_MS });
    expect(take("later", NOW + TOKEN_MS).ok).toBe(true);
    expect(take("too soon", NOW + TOKEN_MS).ok).toBe(false);
  });

  it("that is asked for again is the same one, also when nothing is left", ({ expect }) => {
    const { take, book } = subject();
    for (let n = 0; n < 5; n += 1) take(`a${n}`);
    const before = book();
    expect(take("a3").ok).toBe(true);
    expect(book()).toBe(before);
    expect(take("a5").ok).toBe(false);
  });

  it("that was right makes room for another, but counts among all", ({ expect }) => {
    const { take, settle } = subject();
    for (let n = 0; n < 12; n += 1) {
      expect(take(`a${n}`).ok).toBe(true);
      settle(`a${n}`, "right");
    }
    expect(take("a12")).toEqual({ ok: false, of: "all", retryAfterMs: TOKEN_MS });
  });

  it("that came to nothing counts nowhere", ({ expect }) => {
    const { take, settle } = subject();
    for (let n = 0; n < 50; n += 1) {
      expect(take(`a${n}`).ok).toBe(true);
      settle(`a${n}`, "unasked");
    }
  });

  it("is taken back once, however often that is said and by whom", ({ expect }) => {
    const { take, settle } = subject();
    for (let n = 0; n < 5; n += 1) take(`a${n}`);
    for (let n = 0; n < 5; n += 1) settle("a0", "right");
    settle("somebody else's", "unasked");
    expect(take("a5").ok).toBe(true);
    expect(take("a6").ok).toBe(false);
  });

  it("never lets through more wrong ones than the budget and what came back, in any order", ({
    expect,
  }) => {
    const step = fc.record({
      attempt: fc.integer({ min: 0, max: 40 }),
      act: fc.constantFrom("take", "take", "right", "unasked"),
      afterMs: fc.integer({ min: 0, max: TOKEN_MS / 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { take, settle, book } = subject();
        const under = new Set<number>();
        let [nowMs, granted, returned] = [NOW, 0, 0];
        for (const { attempt, act, afterMs } of steps) {
          nowMs += afterMs;
          if (act === "take") {
            if (take(`a${attempt}`, nowMs).ok && !under.has(attempt)) {
              under.add(attempt);
              granted += 1;
            }
          } else {
            settle(`a${attempt}`, act as "right" | "unasked");
            if (under.delete(attempt)) returned += 1;
          }
          const refilled = (nowMs - NOW) / TOKEN_MS;
          expect(granted - returned).toBeLessThanOrEqual(5 + refilled);
          expect(book().open.length).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
