import { bar, failureOf, type Section } from "../report.ts";
import type { CrashRun } from "./crash-points.ts";
import { CASES, isCrash, nameOf } from "./enumeration.ts";
import { FAULTS } from "./plan.ts";
import type { RaceRun } from "./races.ts";
import type { RushRun } from "./rush.ts";
import type { SoakRun } from "./soak.ts";
import type { WeatherRun } from "./weather.ts";

/** The share of checkouts that must be paid in time wherever one processor is healthy. */
const SUCCESS_WANTED = 0.9999;
const UNKNOWN_MAX = 3;

export function crashSection(run: CrashRun): Section {
  const { seed, checkouts, orders, kills, durationMs, fired, untested, violations } = run;
  const times = [...fired.values()].reduce((sum, count) => sum + count, 0);
  const lines = [
    `- ${checkouts} checkouts on a real shop, ${orders} orders, ${(durationMs / 1000).toFixed(0)} s`,
    `- ${fired.size} cases, ${times} faults: objects aborted, connections cut, requests repeated and late`,
    `- ${kills} times the whole runtime was killed, with checkouts at rest at their points`,
    `- **${violations.length} violations**, **${untested.length} cases untested**`,
    "",
    ...matrix(fired),
  ];
  const failures = [
    ...violations.map((each) => failureOf(each, `--points --seed ${seed}`)),
    ...untested.map((name) => `UNTESTED ${name}`),
  ];
  return { title: "Crash points", lines, failures };
}

/** A row per point, a column per fault; a dot where the fault makes no sense. */
function matrix(fired: ReadonlyMap<string, number>): string[] {
  const columns = FAULTS.flatMap((fault) =>
    (isCrash(fault) ? [false, true] : [false]).map((isKill) => ({ fault, isKill })),
  );
  const rows = [...Map.groupBy(CASES, ({ where, point }) => `${where} · ${point}`)].map(
    ([name, cases]) => {
      const counts = columns.map(({ fault, isKill }) => {
        const found = cases.filter((each) => each.fault === fault && each.isKill === isKill);
        if (found.length === 0) return undefined;
        return found.reduce((sum, each) => sum + (fired.get(nameOf(each)) ?? 0), 0);
      });
      return { name, counts, all: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0) };
    },
  );
  const most = Math.max(...rows.map(({ all }) => all));
  const heads = columns.map(({ fault, isKill }) => `${fault}${isKill ? " kill" : ""}`);
  return [
    "F1 dies before the effect, F2 after it, F3 once it is recorded (kill: the whole runtime, else the one",
    "object or message); F4 the request is lost, F5 the answer; F6 it arrives twice, F7 late; F19 the",
    "object behind it is reset.",
    "",
    `| Point | ${heads.join(" | ")} | |`,
    `|---|${heads.map(() => "---|").join("")}---|`,
    ...rows.map(
      ({ name, counts, all }) =>
        `| ${name} | ${counts.map((count) => count ?? "·").join(" | ")} | ${bar(all, most)} |`,
    ),
  ];
}

export function weatherSection(seed: number, runs: readonly WeatherRun[]): Section {
  const lines = [
    "Technical success: paid within ten seconds of the click, by a shopper who does what the API says:",
    "repeats what was not answered under the same key, and waits for what is pending. Declines do not occur.",
    "A payment that was out when the primary fell silent is never sent elsewhere: only the primary can tell of it.",
    "It counts as a failure in the first column, unless it was known in time; the second leaves those out.",
    "",
    "| Weather of the primary | Checkouts | Paid in 10 s | Success | Success but for those out | Pending | Outages | Unknown per outage, at most | Slowest ms | Per second | Others |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
    ...runs.map(
      (run) =>
        `| ${run.name} | ${run.checkouts} | ${run.inTime} | ${((run.inTime / run.checkouts) * 100).toFixed(3)} % | ${(switched(run) * 100).toFixed(3)} % | ${run.pending} | ${run.outages} | ${run.unknownPerOutage} | ${run.slowestMs} | ${run.perSecond.toFixed(1)} | ${JSON.stringify(run.late)} |`,
    ),
  ];
  const failures = runs.flatMap((run) => [
    ...run.violations.map((each) => failureOf(each, `--weather --seed ${seed}`)),
    ...(switched(run) < SUCCESS_WANTED
      ? [`SHORT OF ${SUCCESS_WANTED * 100} %: ${run.name}, ${run.inTime} of ${run.checkouts}`]
      : []),
    ...(run.unknownPerOutage > UNKNOWN_MAX
      ? [`MORE THAN ${UNKNOWN_MAX} unknown in one outage: ${run.name}, ${run.unknownPerOutage}`]
      : []),
  ]);
  return { title: "Weathers", lines, failures };
}

/** The share of those that could be sent to the healthy processor, or were known in time. */
const switched = ({ inTime, checkouts, parked }: WeatherRun): number =>
  inTime / (checkouts - parked);

export function rushSection(seed: number, runs: readonly RushRun[]): Section {
  const lines = [
    "| Stock | Buyers | Units | Kills | Sold | Refused | Left on the shelf | Violations |",
    "|---|---|---|---|---|---|---|---|",
    ...runs.map(({ shards, buyers, units, kills, sold, refused, leftOver, violations }) => {
      const stock = shards === 1 ? "one object" : `${shards} shards`;
      return `| ${stock} | ${buyers} | ${units} | ${kills} | **${sold}** | ${refused} | ${leftOver} | ${violations.length} |`;
    }),
  ];
  const failures = runs.flatMap(({ sold, units, leftOver, violations }) => [
    ...violations.map((each) => failureOf(each, `--rush --seed ${seed}`)),
    ...(sold === units && leftOver === 0 ? [] : [`SOLD ${sold} of ${units}, ${leftOver} left`]),
  ]);
  return { title: "Rush", lines, failures };
}

export function racesSection(seed: number, run: RaceRun): Section {
  const { clients, couponUses, voucherUses, voucherBalance, voucherLeft, violations } = run;
  const lines = [
    `- A coupon of one use in ${clients} carts that pay at once: **used ${couponUses} times**`,
    `- A voucher of ${voucherBalance} in ${clients} carts that pay at once: **spent ${voucherUses} times**, ${voucherLeft} left`,
    `- **${violations.length} violations**`,
  ];
  const isOnce = couponUses === 1 && voucherUses === 1 && voucherLeft === 0;
  const failures = [
    ...violations.map((each) => failureOf(each, `--races --seed ${seed}`)),
    ...(isOnce ? [] : [`USED ${couponUses} and ${voucherUses} times`]),
  ];
  return { title: "Codes raced", lines, failures };
}

export function soakSection(seed: number, run: SoakRun): Section {
  const lines = [
    `- ${run.minutes} minutes, ${run.checkouts} checkouts, ${run.orders} orders, ${run.changes} cancellations, refunds and returns`,
    `- Faults: ${Object.entries(run.faults)
      .map(([name, times]) => `${name} ${times}`)
      .join(", ")}`,
    `- Memory of the runtime: ${run.memorySlopeMb.toFixed(2)} MB a minute between kills; sockets ${run.handlesFirst} at first, ${run.handlesLast} at last`,
    `- p99 of a payment: ${run.p99FirstMs} ms in the first quarter, ${run.p99LastMs} ms in the last`,
    `- Age of the oldest message not settled: p99 ${run.outboxP99Ms} ms`,
    `- **${run.violations.length} violations**`,
  ];
  const failures = run.violations.map((each) =>
    failureOf(each, `--soak --minutes ${run.minutes} --seed ${seed}`),
  );
  return { title: "Soak", lines, failures };
}
