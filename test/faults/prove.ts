import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { CHECKOUTS_PER_WORLD, hunt, runCampaign } from "./campaign.ts";
import { bugsSection, campaignSection, reportOf, type Section } from "./report.ts";
import { BUGS, type Bug } from "./simulation/bugs.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SHOWN_EVERY = 5_000;
const FAILURES_SHOWN_MAX = 30;
/** Whole rounds of all crash points until there were two thousand checkouts. */
const ROUNDS_OF_ALL = 5;
/** A rush is for a SKU of one object, and for one that is split. */
const SHARDS = 4;

const OPTIONS = {
  seed: { type: "string", default: "1" },
  report: { type: "string", default: join(ROOT, ".local", "prove", "report.md") },
  /** The simulation: so many checkouts; 100 or fewer replay one world. */
  checkouts: { type: "string" },
  campaign: { type: "boolean", default: false },
  bugs: { type: "boolean", default: false },
  /** A real shop: crash points, so many rounds of them, or those whose name matches. */
  points: { type: "boolean", default: false },
  rounds: { type: "string", default: "1" },
  only: { type: "string", default: "" },
  weather: { type: "boolean", default: false },
  /** One weather by its first word, and how many checkouts in each. */
  sky: { type: "string", default: "" },
  purchases: { type: "string", default: "2000" },
  rush: { type: "boolean", default: false },
  buyers: { type: "string", default: "2000" },
  races: { type: "boolean", default: false },
  soak: { type: "boolean", default: false },
  minutes: { type: "string", default: "10" },
  all: { type: "boolean", default: false },
} as const;
type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];
type Part = (seed: number) => Promise<Section>;

/**
 * Runs the parts that are asked for; without any, the simulation, the planted bugs and one round of
 * crash points. Fails when a rule was broken, a fault never fired, or a planted bug survived.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  const numbers = ["seed", "checkouts", "rounds", "purchases", "buyers", "minutes"] as const;
  for (const name of numbers) {
    if (values[name] !== undefined && !(Number(values[name]) > 0)) {
      console.error(`--${name} must be a number above 0`);
      process.exitCode = 2;
      return;
    }
  }
  const seed = Number(values.seed);
  const commit = commitOf();
  const sections: Section[] = [];
  for (const part of partsOf(values)) {
    const section = await part(seed);
    sections.push(section);
    for (const failure of section.failures.slice(0, FAILURES_SHOWN_MAX)) console.log(failure);
    const verdict = section.failures.length === 0 ? "holds" : `fails ${section.failures.length}×`;
    console.log(`${section.title}: ${verdict}. SEED=${seed} COMMIT=${commit}`);
    // After each part: what was proved stays written down if a later part is cut off.
    mkdirSync(dirname(values.report), { recursive: true });
    writeFileSync(values.report, reportOf({ seed, commit }, sections));
  }
  console.log(`Report: ${values.report}`);
  if (sections.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

function partsOf(values: Values): Part[] {
  const { campaign, bugs, points, weather, rush, races, soak, all } = values;
  const isSimulated = campaign || bugs || values.checkouts !== undefined;
  const isNamed = isSimulated || points || weather || rush || races || soak;
  const checkouts = Number(values.checkouts ?? 100_000);
  const isReplay = checkouts <= CHECKOUTS_PER_WORLD;
  const parts: Part[] = [];
  const wants = (isAsked: boolean, isUsual: boolean) => isAsked || all || (isUsual && !isNamed);
  if (wants(isSimulated && !bugs, true)) {
    parts.push((seed) => simulate({ seed, checkouts, isReplay }));
  }
  if (wants(isSimulated && !campaign && !isReplay, true)) parts.push(huntAll);
  if (wants(points, true)) {
    const rounds = all ? ROUNDS_OF_ALL : Number(values.rounds);
    parts.push((seed) => crash({ seed, rounds, only: values.only }));
  }
  if (wants(races, false)) parts.push(race);
  if (wants(rush, false)) parts.push((seed) => rushFor(seed, Number(values.buyers)));
  if (wants(weather, false)) {
    parts.push((seed) => weathers(seed, values.sky, Number(values.purchases)));
  }
  if (wants(soak, false)) parts.push((seed) => soakFor(seed, Number(values.minutes)));
  return parts;
}

async function simulate(options: {
  seed: number;
  checkouts: number;
  isReplay: boolean;
}): Promise<Section> {
  const campaign = await runCampaign(options, (done, violations) => {
    if (done % SHOWN_EVERY === 0) console.log(`${done} checkouts, ${violations} violations`);
  });
  const { violations, coverage, durationMs, orders, digest } = campaign;
  const untested = options.isReplay ? [] : campaign.untested;
  const fired = [...coverage.values()].reduce((sum, times) => sum + times, 0);
  console.log(
    `${campaign.checkouts} checkouts, ${orders} orders, ${fired} faults at ${coverage.size} points, ` +
      `${violations.length} violations, ${untested.length} untested, ${(durationMs / 1000).toFixed(1)} s`,
  );
  console.log(`DIGEST ${digest}`);
  if (options.isReplay)
    console.log("A replay of one world: what it did not come to is not counted.");
  return campaignSection(campaign, options.isReplay);
}

async function huntAll(seed: number): Promise<Section> {
  const caught = [];
  for (const bug of Object.keys(BUGS) as Bug[]) {
    const result = await hunt(bug, seed);
    caught.push(result);
    const { by, checkouts } = result;
    const verdict = by.length > 0 ? `caught by ${by.join(", ")}` : "SURVIVED";
    console.log(`${bug.padEnd(28)} ${verdict} within ${checkouts} checkouts`);
  }
  const alive = caught.filter(({ by }) => by.length === 0).length;
  console.log(`${caught.length - alive} of ${caught.length} planted bugs caught`);
  return bugsSection(caught);
}

// What needs a real shop is loaded only where it is asked for: the simulation needs no engines.
const real = () => import("./blackbox/sections.ts");

async function crash(options: { seed: number; rounds: number; only: string }): Promise<Section> {
  const { CASES, nameOf } = await import("./blackbox/enumeration.ts");
  const { runCrashPoints } = await import("./blackbox/crash-points.ts");
  const cases = CASES.filter((each) => nameOf(each).includes(options.only));
  return (await real()).crashSection(await runCrashPoints({ ...options, cases, say }));
}

async function race(seed: number): Promise<Section> {
  const { runRaces } = await import("./blackbox/races.ts");
  return (await real()).racesSection(seed, await runRaces({ seed, clients: 50 }));
}

async function rushFor(seed: number, buyers: number): Promise<Section> {
  const { runRush } = await import("./blackbox/rush.ts");
  const options = { seed, buyers, units: Math.ceil(buyers / 4), kills: 4, say };
  const runs = [];
  for (const shards of [1, SHARDS]) runs.push(await runRush({ ...options, shards }));
  return (await real()).rushSection(seed, runs);
}

async function weathers(seed: number, sky: string, checkouts: number): Promise<Section> {
  const { runWeather, WEATHERS } = await import("./blackbox/weather.ts");
  const names = (Object.keys(WEATHERS) as (keyof typeof WEATHERS)[]).filter((name) =>
    name.startsWith(sky),
  );
  const runs = [];
  for (const name of names) runs.push(await runWeather(name, { seed, checkouts, say }));
  return (await real()).weatherSection(seed, runs);
}

async function soakFor(seed: number, minutes: number): Promise<Section> {
  const { runSoak } = await import("./blackbox/soak.ts");
  return (await real()).soakSection(seed, await runSoak({ seed, minutes, say }));
}

function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

/** With a plus where the files are not what the commit says. */
function commitOf(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    const isChanged = git("status", "--porcelain", "--untracked-files=no").trim() !== "";
    return `${git("rev-parse", "--short", "HEAD").trim()}${isChanged ? "+" : ""}`;
  } catch {
    return "unknown";
  }
}

await main();
