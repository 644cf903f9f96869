import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, type Exit, startChild, whenReady } from "../engines/child.ts";
import type { Vars } from "./vars.ts";

export const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), "../..");
const WRANGLER = join(REPOSITORY, "node_modules/wrangler/wrangler-dist/cli.js");
const REGISTRY = "wrangler-registry";
const READY_WITHIN_MS = 120_000;
const PROBE_TIMEOUT_MS = 5_000;

export type RuntimeOptions = {
  dir: string;
  port: number;
  vars: Vars;
  /** The Workers' `wrangler.toml` files, the storefront's first. Default: those that are deployed. */
  configs?: readonly string[] | undefined;
  /** Called when `wrangler dev` ends that nobody has asked to. */
  onDeath?: (child: Child) => void;
};

/** All Workers in one `wrangler dev`. */
export type Runtime = {
  readonly pid: number;
  readonly child: Child;
  readonly exited: Promise<Exit>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL to the whole process group: the development server and the Workers' runtime. */
  kill(): Promise<void>;
};

/** Starts the Workers and waits until the storefront answers. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  let child = await startWrangler(options);
  return {
    get pid() {
      return child.pid;
    },
    get child() {
      return child;
    },
    get exited() {
      return child.exited;
    },
    async start() {
      child = await startWrangler(options);
    },
    stop: () => child.stop(),
    kill: () => child.kill(),
  };
}

/** The storefront's config first: only the first one is reachable over HTTP. */
export function workerConfigs(root: string = REPOSITORY): string[] {
  const workers = join(root, "workers");
  const names = existsSync(workers) ? readdirSync(workers).sort() : [];
  const configs = names.map((name) => join(workers, name, "wrangler.toml"));
  return [join(root, "wrangler.toml"), ...configs].filter((config) => existsSync(config));
}

async function startWrangler(options: RuntimeOptions): Promise<Child> {
  const { dir, port, vars, configs = workerConfigs(), onDeath } = options;
  const home = join(dir, "home");
  mkdirSync(home, { recursive: true });
  // A killed runtime leaves the addresses of its Workers behind, and calls would go to nobody.
  rmSync(join(dir, REGISTRY), { recursive: true, force: true });
  const child = await startChild({
    name: "wrangler",
    command: process.execPath,
    args: [
      "--no-warnings",
      WRANGLER,
      "dev",
      ...configs.flatMap((config) => ["-c", config]),
      "--persist-to",
      join(dir, "wrangler"),
      "--ip",
      "127.0.0.1",
      "--port",
      String(port),
      "--inspector-port",
      "0",
      "--show-interactive-dev-session=false",
    ],
    dir,
    logFile: join(dir, "logs", "workers.log"),
    cwd: REPOSITORY,
    env: environment(dir, home, vars),
  });
  child.exited.then(() => {
    if (!child.stopping) onDeath?.(child);
  });
  await whenReady(child, () => isLive(port), READY_WITHIN_MS);
  return child;
}

/**
 * `--env-file` and `--var` reach the first Worker only; the process environment reaches them all.
 * It is built from nothing, because all of it may become bindings: no credential of the user's
 * shell may get there.
 */
function environment(dir: string, home: string, vars: Vars): Record<string, string | undefined> {
  return {
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}`,
    HOME: home,
    XDG_CONFIG_HOME: home,
    CI: "1",
    NO_COLOR: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(dir, "logs", "wrangler"),
    // Where Workers of this machine find each other by name: a test's must not find the shop's.
    WRANGLER_REGISTRY_PATH: join(dir, REGISTRY),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    CLOUDFLARE_INCLUDE_PROCESS_ENV: "true",
    ...vars,
  };
}

async function isLive(port: number): Promise<boolean> {
  try {
    const probe = `http://127.0.0.1:${port}/api/v2/health?probe=live`;
    const response = await fetch(probe, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
