import { describe, it } from "vitest";
import { Pressure } from "../../../src/platform/load/pressure.ts";

const LIMITS = { inFlightMax: 3, slowMs: 2_000 };
const GOOD = { ok: true, durationMs: 5 };
const BAD = { ok: false, durationMs: 5 };
const SLOW = { ok: true, durationMs: 2_500 };

/** A pressure under which one call after another goes as told. */
const heard = (...went: { ok: boolean; durationMs: number }[]) => {
  const pressure = new Pressure(["mysql"], LIMITS);
  for (const each of went) pressure.hear("mysql", each, 0);
  return pressure;
};
const entered = (pressure: Pressure, nowMs: number) => {
  const refusal = pressure.enter(nowMs);
  if (!refusal) pressure.leave();
  return refusal?.why ?? "in";
};

describe("Pressure", () => {
  it("closes once three calls failed or took too long, and no more than those went well", ({
    expect,
  }) => {
    expect(entered(heard(BAD, BAD), 1)).toBe("in");
    expect(entered(heard(BAD, SLOW, BAD), 1)).toBe("dependency");
    expect(entered(heard(GOOD, GOOD, BAD, BAD, SLOW), 1)).toBe("dependency");
    expect(entered(heard(GOOD, GOOD, GOOD, GOOD, BAD, BAD, SLOW), 1)).toBe("in");
  });

  it("stays open to a crowd of which some fail", ({ expect }) => {
    const pressure = heard(...Array.from({ length: 300 }, (_, n) => (n % 3 === 2 ? BAD : GOOD)));
    expect(entered(pressure, 1)).toBe("in");
  });

  it("forgets what is longer ago than ten seconds", ({ expect }) => {
    const pressure = heard(BAD, BAD);
    pressure.hear("mysql", BAD, 10_000);
    expect(entered(pressure, 10_001)).toBe("in");
    pressure.hear("mysql", BAD, 11_000);
    pressure.hear("mysql", BAD, 12_000);
    expect(entered(pressure, 12_001)).toBe("dependency");
  });

  it("does not care about systems that it does not watch", ({ expect }) => {
    const pressure = new Pressure(["mysql"], LIMITS);
    for (let n = 0; n < 10; n += 1) pressure.hear("redis", BAD, 0);
    expect(entered(pressure, 1)).toBe("in");
  });

  it("lets one through after a pause, and all once that one went well", ({ expect }) => {
    const pressure = heard(BAD, BAD, BAD);
    expect(pressure.enter(999)).toEqual({
      why: "dependency",
      dependency: "mysql",
      retryAfterMs: 1_000,
    });
    expect([entered(pressure, 1_000), entered(pressure, 1_001)]).toEqual(["in", "dependency"]);
    pressure.hear("mysql", GOOD, 1_010);
    expect(entered(pressure, 1_011)).toBe("in");
  });

  it("waits longer after each try that failed, but never long", ({ expect }) => {
    const pressure = heard(BAD, BAD, BAD);
    let nowMs = 0;
    const waits: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const from = nowMs;
      while (entered(pressure, nowMs) !== "in") nowMs += 100;
      waits.push(nowMs - from);
      pressure.hear("mysql", BAD, nowMs);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 4_000, 4_000, 4_000]);
  });

  it("does not wait for ever for one that was let through and never came to ask", ({ expect }) => {
    const pressure = heard(BAD, BAD, BAD);
    expect(entered(pressure, 1_000)).toBe("in");
    expect(entered(pressure, 16_001)).toBe("in");
  });

  it("is full at its bound, and free again when one has left", ({ expect }) => {
    const pressure = new Pressure([], LIMITS);
    for (let n = 0; n < 3; n += 1) expect(pressure.enter(0)).toBeUndefined();
    expect(pressure.enter(0)).toEqual({ why: "in_flight", retryAfterMs: 1_000 });
    pressure.leave();
    expect(pressure.enter(0)).toBeUndefined();
    expect(pressure.inFlight).toBe(3);
  });
});
