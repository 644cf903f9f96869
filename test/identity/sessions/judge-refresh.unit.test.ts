import fc from "fast-check";
import { describe, it } from "vitest";
import { judgeRefresh, type RefreshFacts } from "../../../src/identity/sessions/judge-refresh.ts";

const NOW_MS = 1_000_000;
const facts = (changes: Partial<RefreshFacts["session"]> = {}, offered = 3, rotated = false) => ({
  offered,
  rotated,
  nowMs: NOW_MS,
  session: {
    generation: 4,
    rotatedAtMs: NOW_MS - 1_000,
    expiresAtMs: NOW_MS + 1,
    isOver: false,
    ...changes,
  },
});

describe("judgeRefresh", () => {
  it("gives the same successor for a minute after the exchange, and to nobody later", ({
    expect,
  }) => {
    expect(judgeRefresh(facts({ rotatedAtMs: NOW_MS }, 3, true))).toBe("successor");
    expect(judgeRefresh(facts({ rotatedAtMs: NOW_MS - 60_000 }))).toBe("successor");
    expect(judgeRefresh(facts({ rotatedAtMs: NOW_MS - 60_001 }))).toBe("reuse");
  });

  it("calls it reuse once the successor was used itself", ({ expect }) => {
    expect(judgeRefresh(facts({}, 2))).toBe("reuse");
    expect(judgeRefresh(facts({}, 1))).toBe("reuse");
  });

  it("refuses what is over, has ended or was never given out", ({ expect }) => {
    expect(judgeRefresh(facts({ isOver: true }))).toBe("refused");
    expect(judgeRefresh(facts({ expiresAtMs: NOW_MS }))).toBe("refused");
    expect(judgeRefresh(facts({}, 5))).toBe("refused");
  });

  it("never continues a session that is over, and never from two generations back", ({
    expect,
  }) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 200_000 }),
        fc.boolean(),
        (offered, generation, agoMs, isOver) => {
          const verdict = judgeRefresh(
            facts({ generation, rotatedAtMs: NOW_MS - agoMs, isOver }, offered),
          );
          if (isOver || generation - offered > 1) expect(verdict).not.toBe("successor");
        },
      ),
    );
  });
});
