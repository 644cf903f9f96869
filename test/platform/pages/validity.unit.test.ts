import { describe, it } from "vitest";
import {
  invalidSinceMs,
  isValid,
  type KnownPurges,
  mayLag,
  PAGE_AGE_MAX_MS,
} from "../../../src/platform/pages/validity.ts";

const HOUR_MS = 60 * 60 * 1000;
type Purges = Record<string, [sequence: number, atMs: number]>;

function viewOf(purges: Purges = {}, floor = 0, purgedAll?: [number, number]): KnownPurges {
  const pair = (known?: [number, number]) => known && { sequence: known[0], atMs: known[1] };
  const all = pair(purgedAll);
  return {
    floor: Math.max(floor, all?.sequence ?? 0),
    newestPurge: Math.max(floor, all?.sequence ?? 0, ...Object.values(purges).map(([at]) => at)),
    purgedAll: all,
    purgeOf: (tag) => pair(purges[tag]),
  };
}
const page = { tags: ["product:a", "category:c"], seq: 100, storedAtMs: 1_000 };

describe("a page is valid", () => {
  it.for<[string, KnownPurges, boolean]>([
    ["while nothing was purged", viewOf(), true],
    ["when others were", viewOf({ "product:b": [500, 1] }), true],
    ["when its own tag was, up to its position", viewOf({ "product:a": [100, 1] }), true],
    ["not when its own tag was after it", viewOf({ "product:a": [101, 1] }), false],
    ["not when any of its tags was", viewOf({ "category:c": [101, 1] }), false],
    ["at the floor", viewOf({}, 100), true],
    ["not below the floor", viewOf({}, 101), false],
    ["not after a purge of everything", viewOf({}, 0, [101, 1]), false],
    ["when it was stored after a purge of everything", viewOf({}, 0, [100, 1]), true],
  ])("%s", ([, view, expected], { expect }) => {
    expect(isValid(page, view, 2_000)).toBe(expected);
  });

  it("until its own end and its greatest age, and not at them", ({ expect }) => {
    const ending = { ...page, validUntilMs: 5_000 };
    expect([4_999, 5_000].map((nowMs) => isValid(ending, viewOf(), nowMs))).toEqual([true, false]);
    const oldMs = page.storedAtMs + PAGE_AGE_MAX_MS;
    expect([oldMs - 1, oldMs].map((nowMs) => isValid(page, viewOf(), nowMs))).toEqual([
      true,
      false,
    ]);
    expect(PAGE_AGE_MAX_MS).toBeLessThanOrEqual(HOUR_MS); // The feed keeps purges no longer.
  });
});

describe("a page has been invalid since", () => {
  it.for<[string, KnownPurges, number | undefined]>([
    ["never", viewOf(), undefined],
    ["the purge of its tag", viewOf({ "product:a": [101, 7_000] }), 7_000],
    [
      "the first of two purges",
      viewOf({ "product:a": [109, 7_900], "category:c": [101, 7_100] }),
      7_100,
    ],
    ["the purge of everything", viewOf({}, 0, [101, 6_500]), 6_500],
    ["a time nobody remembers", viewOf({}, 101), undefined],
    [
      "a time nobody remembers, though a tag's is",
      viewOf({ "product:a": [102, 9] }, 101),
      undefined,
    ],
  ])("%s", ([, view, expected], { expect }) => {
    expect(invalidSinceMs(page, view, 8_000)).toBe(expected);
  });

  it("its own end", ({ expect }) => {
    expect(invalidSinceMs({ ...page, validUntilMs: 5_000 }, viewOf(), 8_000)).toBe(5_000);
    expect(invalidSinceMs(page, viewOf(), 2 * HOUR_MS)).toBe(1_000 + PAGE_AGE_MAX_MS);
  });
});

describe("a replica may lag", () => {
  it("for ten seconds after a purge of what is shown, or of everything", ({ expect }) => {
    const view = viewOf({ "product:a": [101, 50_000] });
    expect([59_999, 60_000].map((nowMs) => mayLag(page.tags, view, nowMs))).toEqual([true, false]);
    expect(mayLag(["product:b"], view, 50_001)).toBe(false);
    expect(mayLag([], viewOf({}, 0, [101, 50_000]), 59_999)).toBe(true);
  });
});
