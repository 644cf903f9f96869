import type { Comparison } from "./measure/pairs.ts";
import type { Spread } from "./measure/spread.ts";
import type { Row } from "./suite.ts";

const round = (value: number) =>
  value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });

export const spreadText = ({ median, min, max }: Spread): string =>
  `${round(median)} (${round(min)}–${round(max)})`;

/** A comparison as a line: rate, latency and processor time of both sides, and the ratios. */
export function comparisonRow(figure: string, { ours, peer, ratio, cpuRatio }: Comparison): Row {
  const side = ({ perSecond, p50Ms, p99Ms, cpuMicros }: Comparison["ours"]) =>
    `${round(perSecond)}/s · p50 ${round(p50Ms)} · p99 ${round(p99Ms)} ms · ${round(cpuMicros)} µs`;
  return {
    figure,
    value: side(ours),
    peer: side(peer),
    ratio: `${spreadText(ratio)}; processor ${spreadText(cpuRatio)}`,
  };
}

export const row = (figure: string, value: number | string, unit = ""): Row => ({
  figure,
  value: `${typeof value === "number" ? round(value) : value}${unit ? ` ${unit}` : ""}`,
});

/** Aligned columns for a terminal. */
export function table(rows: readonly Row[]): string {
  const head: Row = { figure: "figure", value: "measured", peer: "peer", ratio: "ratio" };
  const cells = [head, ...rows].map(({ figure, value, peer = "", ratio = "" }) => [
    figure,
    value,
    peer,
    ratio,
  ]);
  const widths = [0, 1, 2, 3].map((at) => Math.max(...cells.map((line) => line[at]!.length)));
  return cells
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
