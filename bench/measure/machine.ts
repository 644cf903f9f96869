import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg } from "node:os";
import { REPOSITORY } from "../../local/stack/runtime.ts";

/** Where the figures come from, and what shared it with them. */
export function describeMachine() {
  const cores = availableParallelism();
  const load = loadavg()[0]!;
  const note = [
    `${cores} cores, shared by the runtime (bound to core 0), the load generator (core 1), MariaDB,`,
    "Redis and the gateways to them, all on this machine over loopback.",
    `Load average before the start: ${load.toFixed(1)}.`,
    load > 0.5 ? "Something else is running: trust ratios and processor times, not rates." : "",
  ];
  return { cores, model: cpus()[0]?.model ?? "unknown", load, note: note.join(" ").trim() };
}

export function describeVersions() {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: REPOSITORY, encoding: "utf8" }).trim();
  const require = createRequire(import.meta.url);
  const { version: wrangler } = require("wrangler/package.json") as { version: string };
  return {
    at: new Date().toISOString(),
    commit: git("rev-parse", "HEAD"),
    // Others' unsaved work would be measured too, so the commit alone would lie.
    changed: git("status", "--porcelain", "src", "workers").split("\n").filter(Boolean).length,
    node: process.version,
    wrangler,
  };
}
