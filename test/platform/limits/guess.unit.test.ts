import fc from "fast-check";
import { describe, it } from "vitest";
import {
  EMPTY_BOOK,
  emptyAtMs,
  type GuessBook,
  guessedRight,
  tryGuess,
  withTryReturned,
} from "../../../src/platform/limits/guess.ts";
import { guesses } from "../../../src/platform/limits/policy.ts";

const POLICY = guesses("test");
const HOUR_MS = 3_600_000;

/** Tries from one place for a while, as fast as it is let; what it was told to wait comes out. */
function attack(
  start: GuessBook,
  places: (n: number) => string[],
  fromMs: number,
  untilMs: number,
) {
  let book = start;
  const admittedAtMs: number[] = [];
  for (let nowMs = fromMs, n = 0; nowMs < untilMs; nowMs += 1_000, n += 1) {
    const guess = tryGuess(book, POLICY, places(n), nowMs);
    if (!guess.ok) continue;
    book = guess.book;
    admittedAtMs.push(nowMs);
  }
  return { book, admittedAtMs };
}

describe("tryGuess", () => {
  it("lets five through at once, then doubles the wait up to a quarter of an hour", ({
    expect,
  }) => {
    let book = EMPTY_BOOK;
    const waits: number[] = [];
    for (let nowMs = 0; waits.length < 14; ) {
      const guess = tryGuess(book, POLICY, ["a"], nowMs);
      if (!guess.ok) nowMs += guess.retryAfterMs;
      else {
        book = guess.book;
        waits.push(guess.resetMs);
      }
    }
    const seconds = waits.map((ms) => ms / 1_000);
    expect(seconds).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    const last = tryGuess(book, POLICY, ["a"], HOUR_MS);
    expect(last).toMatchObject({ ok: true, resetMs: 15 * 60_000 });
  });

  it("does not make a wait longer for trying during it", ({ expect }) => {
    const { book } = attack(EMPTY_BOOK, () => ["a"], 0, 6_000);
    const first = tryGuess(book, POLICY, ["a"], 6_500);
    const again = tryGuess(book, POLICY, ["a"], 6_500);
    expect(first.ok).toBe(false);
    expect(again).toEqual(first);
  });

  it("admits of a thousand addresses no more than the strangers' budget", ({ expect }) => {
    const { admittedAtMs } = attack(EMPTY_BOOK, (n) => [`address ${n}`], 0, HOUR_MS);
    expect(admittedAtMs.length).toBeLessThanOrEqual(20 + 60);
  });

  it("never keeps the owner waiting at a known place, whatever others do", ({ expect }) => {
    const mine = guessedRight(EMPTY_BOOK, POLICY, "home", 0);
    const { book } = attack(mine, (n) => [`address ${n}`], 0, HOUR_MS + 1);
    expect(tryGuess(book, POLICY, ["new address"], HOUR_MS + 1).ok).toBe(false);
    expect(tryGuess(book, POLICY, ["home"], HOUR_MS + 1)).toMatchObject({
      ok: true,
      place: "home",
    });
    // By a device's token, where the address is new.
    const device = guessedRight(book, POLICY, "device", HOUR_MS);
    expect(tryGuess(device, POLICY, ["device", "café"], HOUR_MS + 1).ok).toBe(true);
  });

  it("lets an owner at a new place in once an attack has paused, and at a wait that is bounded", ({
    expect,
  }) => {
    const { book } = attack(EMPTY_BOOK, (n) => [`address ${n}`], 0, 24 * HOUR_MS);
    const guess = tryGuess(book, POLICY, ["owner"], 24 * HOUR_MS);
    const waitMs = guess.ok ? 0 : guess.retryAfterMs;
    expect(waitMs).toBeLessThanOrEqual(60_000);
    expect(tryGuess(book, POLICY, ["owner"], 24 * HOUR_MS + waitMs).ok).toBe(true);
  });

  it("forgets wrong tries after a right one, and after a day without one", ({ expect }) => {
    const { book } = attack(EMPTY_BOOK, () => ["a"], 0, 5_000);
    expect(tryGuess(book, POLICY, ["a"], 4_500).ok).toBe(false);
    expect(tryGuess(guessedRight(book, POLICY, "a", 4_500), POLICY, ["a"], 4_500)).toMatchObject({
      ok: true,
      left: 4,
    });
    const late = 4_000 + POLICY.forgetMs;
    expect(tryGuess(book, POLICY, ["a"], late)).toMatchObject({ ok: true, left: 4 });
  });

  it("does not count a try that was never evaluated", ({ expect }) => {
    let book = EMPTY_BOOK;
    for (let n = 0; n < 100; n += 1) {
      const guess = tryGuess(book, POLICY, ["a"], n);
      expect(guess.ok).toBe(true);
      if (guess.ok) book = withTryReturned(guess.book, POLICY, guess.place);
    }
  });

  it("stays bounded, and says when it knows nothing any more, under any sequence", ({ expect }) => {
    const step = fc.record({
      place: fc.integer({ min: 0, max: 300 }).map(String),
      afterMs: fc.integer({ min: -5_000, max: 10 * 60_000 }),
      right: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        let book = EMPTY_BOOK;
        let nowMs = 1_000_000;
        for (const { place, afterMs, right } of steps) {
          nowMs += afterMs;
          const guess = tryGuess(book, POLICY, [place], nowMs);
          if (!guess.ok) {
            expect(guess.retryAfterMs).toBeGreaterThan(0);
            expect(guess.retryAfterMs).toBeLessThanOrEqual(POLICY.delayMsMax);
            continue;
          }
          book = right ? guessedRight(guess.book, POLICY, guess.place, nowMs) : guess.book;
          expect(book.lanes.length).toBeLessThanOrEqual(64);
          expect(book.known.length).toBeLessThanOrEqual(8);
        }
        const forgotten = tryGuess(book, POLICY, ["x"], emptyAtMs(book, POLICY) + POLICY.forgetMs);
        expect(forgotten).toMatchObject({ ok: true, left: 4 });
      }),
      { numRuns: 50 },
    );
  });
});
