import { describe, it } from "vitest";
import { runCrashPoints } from "./blackbox/crash-points.ts";
import { CASES, type Case, nameOf } from "./blackbox/enumeration.ts";
import { FAULTS } from "./blackbox/plan.ts";

/** Every twenty-fourth case, and two kills: the whole is `npm run prove`. */
const SHARE = 24;
const KILLS = 2;
const TIMEOUT_MS = 300_000;

/** These found something once: a refusal that was told while its undo had to wait, and was not kept. */
const KNOWN = new Set(["F4 · checkout · stock release"]);
// A void is left out: it happens only if the cancellation overtakes the capture.
const ABORTED = CASES.filter(({ isKill, flow }) => !isKill && flow !== "void").filter(
  (each, at) => at % SHARE === 0 || KNOWN.has(nameOf(each)),
);
const KILLED = CASES.filter(({ isKill, where }) => isKill && where === "checkout").filter(
  (_, at, all) => at % Math.ceil(all.length / KILLS) === 0,
);

describe("crash points of a real shop", () => {
  it("are enumerated for every step, each with a name of its own", ({ expect }) => {
    const names = CASES.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
    // RELIABILITY 2.5 asks for 162: 9 steps, 3 positions, 6 faults.
    expect(names.length).toBeGreaterThan(162);
    const faults = new Set(CASES.map(({ fault }: Case) => fault));
    expect([...faults].sort()).toEqual([...FAULTS].sort());
  });

  it("break no rule, and every one of the sample comes to pass", {
    timeout: TIMEOUT_MS,
  }, async ({ expect }) => {
    const cases = [...ABORTED, ...KILLED];
    const run = await runCrashPoints({ seed: 1, rounds: 1, cases, say: () => {} });
    expect(run.violations).toEqual([]);
    expect(run.untested).toEqual([]);
    expect(run.checkouts).toBeGreaterThanOrEqual(cases.length);
    expect(run.kills).toBeGreaterThan(0);
  });
});
