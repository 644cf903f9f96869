import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureEngines, ProgramsMissing } from "./engines/install.ts";
import { REPOSITORY } from "./stack/runtime.ts";

/** Makes sure that the engines are installed, then runs the tests; its exit code is theirs. */
async function main(args: readonly string[]): Promise<void> {
  try {
    await ensureEngines(console.log);
  } catch (error) {
    if (!(error instanceof ProgramsMissing)) throw error;
    console.error(error.message);
    process.exitCode = 1;
    return;
  }
  const vitest = join(REPOSITORY, "node_modules/vitest/vitest.mjs");
  const quiet = "--disable-warning=ExperimentalWarning";
  const child = spawn(process.execPath, [quiet, vitest, "run", ...args], {
    stdio: "inherit",
    cwd: REPOSITORY,
  });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, forward);
  process.on("disconnect", () => child.kill("SIGTERM"));
  const code = await new Promise<number>((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", (exit) => resolve(exit ?? 1));
  });
  process.exit(code);
}

await main(process.argv.slice(2));
