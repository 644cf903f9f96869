import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { STAGES, type Stage } from "./verify/stages.ts";
import { openTools, StageFailed, type Tools } from "./verify/tools.ts";

const ROOT = join(import.meta.dirname, "..");
const PARALLEL_MAX = 2;

/** "Am I done?": every check that needs no engine. Says all that is wrong, not the first thing only. */
async function main(): Promise<void> {
  const local = join(ROOT, ".local");
  mkdirSync(local, { recursive: true });
  const scratch = mkdtempSync(join(local, "verify-"));
  process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

  const tools = openTools(ROOT, relative(ROOT, scratch));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      tools.stop();
      process.exit(1);
    });
  }

  const waiting = [...STAGES];
  const failed: string[] = [];
  const lane = async () => {
    for (let stage = waiting.shift(); stage; stage = waiting.shift()) {
      if (!(await passes(stage, tools))) failed.push(stage.name);
    }
  };
  const lanes = Math.min(PARALLEL_MAX, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, lane));

  if (failed.length > 0) {
    console.error(`\nNot done yet: ${failed.join(", ")}.`);
    process.exitCode = 1;
  }
}

async function passes(stage: Stage, tools: Tools): Promise<boolean> {
  const startedAtMs = Date.now();
  const took = () => `${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`.padStart(8);
  try {
    await stage.run(tools);
    console.log(`✓ ${stage.name.padEnd(22)}${took()}`);
    return true;
  } catch (error) {
    if (!(error instanceof StageFailed)) throw error;
    console.log(`✗ ${stage.name.padEnd(22)}${took()}\n\n${error.message}\n`);
    return false;
  }
}

await main();
