import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Writes everything measured, with what is needed to judge it. Numbers that are none become null. */
export function writeResults(file: string, results: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
