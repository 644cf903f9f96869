import type { Campaign, Caught } from "./campaign.ts";
import { QUERIES, type Violation } from "./evidence/checkers.ts";
import { FAULT_POINTS } from "./simulation/faults.ts";

/** One part of a proof: what it shows to people, and why it fails, if it does. */
export type Section = { title: string; lines: string[]; failures: string[] };

const VIOLATIONS_SHOWN_MAX = 50;
const BAR_CELLS = 20;

/** What was proved and what was not, for people. */
export function reportOf(
  { seed, commit }: { seed: number; commit: string },
  sections: readonly Section[],
): string {
  const verdicts = sections.map(({ title, failures }) => {
    const verdict = failures.length === 0 ? "holds" : `**fails**: ${failures.length}`;
    return `| [${title}](#${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}) | ${verdict} |`;
  });
  const parts = sections.flatMap(({ title, lines, failures }) => [
    `## ${title}`,
    "",
    ...failures.slice(0, VIOLATIONS_SHOWN_MAX).map((failure) => `- **${failure}**`),
    ...(failures.length > 0 ? [""] : []),
    ...lines,
    "",
  ]);
  const head = ["# Proof", "", `SEED=${seed} COMMIT=${commit}`, ""];
  return [...head, "| Part | Verdict |", "|---|---|", ...verdicts, "", ...parts].join("\n");
}

/** A violation as it is told: with its seed, and how to see it again. */
export const failureOf = ({ checker, seed, subject }: Violation, replay: string): string =>
  `VIOLATION ${checker} SEED=${seed} ${subject} (replay: npm run prove -- ${replay})`;

/** `█████░░░`: a count beside the greatest of its column. */
export const bar = (count: number, most: number): string => {
  const cells =
    most === 0 ? 0 : Math.max(count > 0 ? 1 : 0, Math.round((count / most) * BAR_CELLS));
  return "█".repeat(cells) + "░".repeat(BAR_CELLS - cells);
};

export function campaignSection(campaign: Campaign, isReplay: boolean): Section {
  const { seed, checkouts, orders, worlds, durationMs, digest, violations, coverage } = campaign;
  const untested = isReplay ? [] : campaign.untested;
  const most = Math.max(0, ...coverage.values());
  const lines = [
    `- Seeds ${seed} to ${seed + worlds - 1}, one world each`,
    `- ${checkouts} shoppers checked out, ${orders} orders were placed`,
    `- ${(durationMs / 1000).toFixed(1)} s, ${Math.round(checkouts / (durationMs / 1000))} checkouts a second`,
    `- Log digest \`${digest}\``,
    `- **${violations.length} violations** of ${Object.keys(QUERIES).join(", ")}`,
    `- **${untested.length} of ${FAULT_POINTS.length} fault points untested**`,
    "",
    "| Fault point | Times | |",
    "|---|---|---|",
    ...FAULT_POINTS.map((point) => {
      const times = coverage.get(point) ?? 0;
      return `| ${point} | ${times || "**UNTESTED**"} | ${bar(times, most)} |`;
    }),
  ];
  const failures = [
    ...violations.map((each) => failureOf(each, `--seed ${each.seed} --checkouts 100`)),
    ...untested.map((point) => `UNTESTED ${point}`),
  ];
  return { title: "Simulation", lines, failures };
}

export function bugsSection(caught: readonly Caught[]): Section {
  const alive = caught.filter(({ by }) => by.length === 0);
  const lines = [
    `${caught.length - alive.length} of ${caught.length} caught by a checker named for them.`,
    "",
    "| Bug | Expected | Fired | Within checkouts |",
    "|---|---|---|---|",
    ...caught.map(
      ({ bug, expected, by, checkouts }) =>
        `| ${bug} | ${expected.join(", ")} | ${by.join(", ") || "**SURVIVED**"} | ${checkouts} |`,
    ),
  ];
  return { title: "Planted bugs", lines, failures: alive.map(({ bug }) => `SURVIVED ${bug}`) };
}
