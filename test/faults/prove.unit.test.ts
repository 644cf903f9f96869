import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BUGS } from "./simulation/bugs.ts";
import { FAULT_POINTS } from "./simulation/faults.ts";

const PROVE = join(import.meta.dirname, "prove.ts");
const scratch = mkdtempSync(join(tmpdir(), "frontage-prove-"));
const TIMEOUT_MS = 300_000;

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The command as people run it: plain Node can load the objects that only Workers have. */
function prove(...args: string[]) {
  const report = join(scratch, "report.md");
  const flags = ["--disable-warning=ExperimentalWarning", PROVE, "--report", report];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...args], {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  return { status, output: stdout + stderr, report: () => readFileSync(report, "utf8") };
}

const digestOf = (output: string) => /^DIGEST (\w{64})$/m.exec(output)?.[1];

describe("the proof by simulation", () => {
  it("finds nothing wrong in thousands of checkouts, with every fault fired and every bug caught", {
    timeout: TIMEOUT_MS,
  }, () => {
    const { status, output, report } = prove("--seed", "21", "--checkouts", "4000");
    expect(output).toContain("4000 checkouts");
    expect(output).toContain(`${FAULT_POINTS.length} points, 0 violations, 0 untested`);
    const bugs = Object.keys(BUGS).length;
    expect(bugs).toBeGreaterThanOrEqual(25);
    expect(output).toContain(`${bugs} of ${bugs} planted bugs caught`);
    expect(status).toBe(0);
    expect(report()).toContain("**0 violations**");
  });

  it("replays a seed exactly, and another seed otherwise", { timeout: TIMEOUT_MS }, () => {
    const [first, again, other] = ["77", "77", "78"].map((seed) =>
      digestOf(prove("--seed", seed, "--checkouts", "100").output),
    );
    expect(first).toBeDefined();
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("fails and says so when a fault point never fired", { timeout: TIMEOUT_MS }, () => {
    // Two worlds of a few shoppers cannot come to everything that can go wrong.
    const { status, output } = prove("--checkouts", "101", "--campaign");
    expect(output).toContain("UNTESTED");
    expect(status).toBe(1);
  });

  it("refuses a seed that is none", () => {
    expect(prove("--seed", "x").status).toBe(2);
  });
});
