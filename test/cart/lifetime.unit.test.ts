import { describe, expect, it } from "vitest";
import { expiresAtMs, type Idleness, retryDelayMs, snapshotAtMs } from "../../src/cart/lifetime.ts";

const MINUTE_MS = 60_000;
const idle = (more: Partial<Idleness> = {}): Idleness => ({
  version: 3,
  lineCount: 2,
  touchedAtMs: 1_000,
  snapshotVersion: null,
  snapshotAttempts: 0,
  snapshotRetryAtMs: null,
  ...more,
});

describe("snapshotAtMs", () => {
  it.each([
    ["30 minutes after the last use", idle(), 1_000 + 30 * MINUTE_MS],
    ["never while Neon has this version", idle({ snapshotVersion: 3 }), undefined],
    ["again for a newer version", idle({ snapshotVersion: 2 }), 1_000 + 30 * MINUTE_MS],
    ["never for a cart that was always empty", idle({ lineCount: 0 }), undefined],
    [
      "for an emptied cart that Neon takes for full",
      idle({ lineCount: 0, snapshotVersion: 2 }),
      1_000 + 30 * MINUTE_MS,
    ],
    [
      "for an emptied cart whose snapshot may have arrived",
      idle({ lineCount: 0, snapshotAttempts: 1 }),
      1_000 + 30 * MINUTE_MS,
    ],
    [
      "not before the next attempt's time",
      idle({ snapshotAttempts: 9, snapshotRetryAtMs: 90 * MINUTE_MS }),
      90 * MINUTE_MS,
    ],
  ])("%s", (_, cart, due) => {
    expect(snapshotAtMs(cart)).toBe(due);
  });
});

it("a guest's cart lives seven idle days, a signed-in shopper's thirty", () => {
  const days = (kind: "guest" | "user") =>
    (expiresAtMs(1_000, kind) - 1_000) / (24 * 60 * MINUTE_MS);
  expect([days("guest"), days("user")]).toEqual([7, 30]);
});

it("waits longer with each attempt, and never more than an hour", () => {
  expect([1, 2, 3, 6, 7, 500].map((n) => retryDelayMs(n) / MINUTE_MS)).toEqual([
    1, 2, 4, 32, 60, 60,
  ]);
});
