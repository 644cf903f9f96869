import type { Campaign, Caught } from "./campaign.ts";
import { QUERIES } from "./evidence/checkers.ts";
import { FAULT_POINTS } from "./simulation/faults.ts";

const VIOLATIONS_SHOWN_MAX = 50;

/** What the run proved and what it did not, for people. */
export function reportOf(campaign: Campaign | undefined, caught: readonly Caught[]): string {
  const parts = ["# Proof by simulation", ""];
  if (campaign) parts.push(...campaignPart(campaign));
  if (caught.length > 0) parts.push(...bugsPart(caught));
  return `${parts.join("\n")}\n`;
}

function campaignPart(campaign: Campaign): string[] {
  const { seed, checkouts, orders, worlds, durationMs, digest, violations, untested } = campaign;
  const figures = [
    `- Seeds ${seed} to ${seed + worlds - 1}, one world each`,
    `- ${checkouts} shoppers checked out, ${orders} orders were placed`,
    `- ${(durationMs / 1000).toFixed(1)} s, ${Math.round(checkouts / (durationMs / 1000))} checkouts a second`,
    `- Log digest \`${digest}\``,
    `- **${violations.length} violations** of ${Object.keys(QUERIES).join(", ")}`,
    `- **${untested.length} of ${FAULT_POINTS.length} fault points untested**${untested.length > 0 ? `: ${untested.join("; ")}` : ""}`,
  ];
  const rows = violations
    .slice(0, VIOLATIONS_SHOWN_MAX)
    .map(({ checker, seed: world, subject }) => `| ${checker} | ${world} | ${subject} |`);
  const found = rows.length > 0 ? ["| Checker | Seed | Row |", "|---|---|---|", ...rows, ""] : [];
  const fired = FAULT_POINTS.map(
    (point) => `| ${point} | ${campaign.coverage.get(point) ?? "**UNTESTED**"} |`,
  );
  const coverage = [
    "## Faults that fired",
    "",
    "| Fault point | Times |",
    "|---|---|",
    ...fired,
    "",
  ];
  return ["## Campaign", "", ...figures, "", ...found, ...coverage];
}

function bugsPart(caught: readonly Caught[]): string[] {
  const alive = caught.filter(({ by }) => by.length === 0);
  const rows = caught.map(
    ({ bug, expected, by, checkouts }) =>
      `| ${bug} | ${expected.join(", ")} | ${by.join(", ") || "**SURVIVED**"} | ${checkouts} |`,
  );
  return [
    "## Planted bugs",
    "",
    `${caught.length - alive.length} of ${caught.length} caught by a checker named for them.`,
    "",
    "| Bug | Expected | Fired | Within checkouts |",
    "|---|---|---|---|",
    ...rows,
    "",
  ];
}
