import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { type Campaign, type Caught, CHECKOUTS_PER_WORLD, hunt, runCampaign } from "./campaign.ts";
import { reportOf } from "./report.ts";
import { BUGS, type Bug } from "./simulation/bugs.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SHOWN_EVERY = 5_000;
const VIOLATIONS_SHOWN_MAX = 20;

/**
 * Runs the campaign and hunts the planted bugs; `--campaign` or `--bugs` does one of both.
 * Fails when a rule was broken, when a fault never fired, or when a planted bug survived.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      checkouts: { type: "string", default: "100000" },
      report: { type: "string", default: join(ROOT, ".local", "prove", "report.md") },
      bugs: { type: "boolean", default: false },
      campaign: { type: "boolean", default: false },
    },
  });
  const seed = wholeNumber("seed", values.seed);
  const checkouts = wholeNumber("checkouts", values.checkouts);
  if (seed === undefined || checkouts === undefined) return;

  // One world alone is the replay of a seed: it is not meant to come to every fault.
  const isReplay = !values.bugs && checkouts <= CHECKOUTS_PER_WORLD;
  const campaign = values.bugs ? undefined : await campaignOf({ seed, checkouts });
  const caught = values.campaign || isReplay ? [] : await huntAll(seed);
  mkdirSync(dirname(values.report), { recursive: true });
  writeFileSync(values.report, reportOf(campaign, caught));
  console.log(`Report: ${values.report}`);
  if (isReplay) console.log("A replay of one world: what it did not come to is not counted.");
  const untested = isReplay ? 0 : (campaign?.untested.length ?? 0);
  const survived = caught.filter(({ by }) => by.length === 0).length;
  if ((campaign?.violations.length ?? 0) + untested + survived > 0) process.exitCode = 1;
}

async function campaignOf(options: { seed: number; checkouts: number }): Promise<Campaign> {
  const campaign = await runCampaign(options, (done, violations) => {
    if (done % SHOWN_EVERY === 0) console.log(`${done} checkouts, ${violations} violations`);
  });
  const { violations, untested, coverage, durationMs, orders, digest } = campaign;
  for (const { checker, seed, subject } of violations.slice(0, VIOLATIONS_SHOWN_MAX)) {
    console.log(`VIOLATION ${checker} SEED=${seed} ${subject}`);
    console.log(`  replay: npm run prove -- --seed ${seed} --checkouts 100`);
  }
  const isReplay = options.checkouts <= CHECKOUTS_PER_WORLD;
  for (const point of isReplay ? [] : untested) console.log(`UNTESTED ${point}`);
  const fired = [...coverage.values()].reduce((sum, times) => sum + times, 0);
  console.log(
    `${campaign.checkouts} checkouts, ${orders} orders, ${fired} faults at ${coverage.size} points, ` +
      `${violations.length} violations, ${untested.length} untested, ${(durationMs / 1000).toFixed(1)} s`,
  );
  console.log(`DIGEST ${digest}`);
  return campaign;
}

async function huntAll(seed: number): Promise<Caught[]> {
  const caught: Caught[] = [];
  for (const bug of Object.keys(BUGS) as Bug[]) {
    const result = await hunt(bug, seed);
    caught.push(result);
    const { by, checkouts } = result;
    const verdict = by.length > 0 ? `caught by ${by.join(", ")}` : "SURVIVED";
    console.log(`${bug.padEnd(28)} ${verdict} within ${checkouts} checkouts`);
  }
  const alive = caught.filter(({ by }) => by.length === 0).length;
  console.log(`${caught.length - alive} of ${caught.length} planted bugs caught`);
  return caught;
}

function wholeNumber(name: string, text: string): number | undefined {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`--${name} must be a whole number above 0`);
  process.exitCode = 2;
  return undefined;
}

await main();
