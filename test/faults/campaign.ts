import { createHash } from "node:crypto";
import type { Violation } from "./evidence/checkers.ts";
import { BUGS, type Bug } from "./simulation/bugs.ts";
import { type Coverage, FAULT_POINTS } from "./simulation/faults.ts";
import { runWorld } from "./simulation/run-world.ts";

/** Few enough that a failing world replays in a blink, many enough that shoppers meet at every shelf. */
export const CHECKOUTS_PER_WORLD = 100;
const BUG_WORLDS_MAX = 60;

export type Campaign = {
  seed: number;
  checkouts: number;
  orders: number;
  worlds: number;
  durationMs: number;
  digest: string;
  coverage: Coverage;
  /** Fault points that never fired: what they guard is not tested. */
  untested: string[];
  violations: Violation[];
};

/** Runs worlds with the seeds `seed`, `seed + 1`, … until so many checkouts were made. */
export async function runCampaign(
  { seed, checkouts }: { seed: number; checkouts: number },
  onProgress: (done: number, violations: number) => void = () => {},
): Promise<Campaign> {
  const startedMs = performance.now();
  const coverage: Coverage = new Map();
  const violations: Violation[] = [];
  const digest = createHash("sha256");
  let done = 0;
  let orders = 0;
  let worlds = 0;
  while (done < checkouts) {
    const size = Math.min(CHECKOUTS_PER_WORLD, checkouts - done);
    const run = await runWorld({ seed: seed + worlds, checkouts: size, coverage });
    violations.push(...run.violations);
    digest.update(run.digest);
    done += size;
    orders += run.orders;
    worlds += 1;
    onProgress(done, violations.length);
  }
  const untested = FAULT_POINTS.filter((point) => !coverage.has(point));
  return {
    seed,
    checkouts: done,
    orders,
    worlds,
    durationMs: performance.now() - startedMs,
    digest: digest.digest("hex"),
    coverage,
    untested,
    violations,
  };
}

export type Caught = { bug: Bug; expected: readonly string[]; by: string[]; checkouts: number };

/** Plants a bug and runs worlds until one of its checkers sees it; `by` is empty when none did. */
export async function hunt(bug: Bug, seed: number): Promise<Caught> {
  const expected: readonly string[] = BUGS[bug];
  for (let world = 0; world < BUG_WORLDS_MAX; world += 1) {
    const coverage: Coverage = new Map();
    const options = { seed: seed + world, checkouts: CHECKOUTS_PER_WORLD, bug, coverage };
    const { violations } = await runWorld(options);
    const by = [...new Set(violations.map(({ checker }) => checker))].sort();
    const checkouts = (world + 1) * CHECKOUTS_PER_WORLD;
    if (by.some((checker) => expected.includes(checker))) return { bug, expected, by, checkouts };
  }
  return { bug, expected, by: [], checkouts: BUG_WORLDS_MAX * CHECKOUTS_PER_WORLD };
}
