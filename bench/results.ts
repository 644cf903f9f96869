import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { plotRatios } from "./plot.ts";

/**
 * Writes everything measured, with what is needed to judge it, and its ratios as a picture beside it.
 * Numbers that are none become null.
 */
export function writeResults(file: string, results: { figures: object }): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(`${file.replace(/\.json$/, "")}.svg`, plotRatios(results.figures));
}
