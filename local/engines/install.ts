import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { accessSync, closeSync, constants, mkdirSync, openSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Log } from "./child.ts";

/** What each program comes in, on Debian. The core package starts no system service. */
const PACKAGES = {
  mariadbd: ["mariadb-server-core"],
  "mariadb-install-db": ["mariadb-server-core"],
  my_print_defaults: ["mariadb-client-core"],
  "redis-server": ["redis-server"],
  // Where a machine gives its users no namespaces, the browser's sandbox is the second one.
  chromium: ["chromium", "chromium-sandbox"],
} as const;

export type Binary = keyof typeof PACKAGES;

const ENGINES = ["mariadbd", "mariadb-install-db", "my_print_defaults", "redis-server"] as const;
const BROWSER = "chromium";

/** Servers live in sbin, which is not on the path of an ordinary user. */
const SBIN = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
const APT_LOCK_SECONDS = 180;

export function findBinary(
  name: Binary,
  path = process.env.PATH ?? "",
  sbin: readonly string[] = SBIN,
): string | undefined {
  const folders = [...path.split(delimiter).filter(Boolean), ...sbin];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export function requireBinary(name: Binary): string {
  const found = findBinary(name);
  if (!found) throw new Error(`${name} is not installed: ${installCommand(PACKAGES[name])}`);
  return found;
}

export function missingPackages(
  names: readonly Binary[] = ENGINES,
  path?: string,
  sbin?: readonly string[],
): string[] {
  const missing = names.filter((name) => !findBinary(name, path, sbin));
  return [...new Set(missing.flatMap((name) => PACKAGES[name]))];
}

export const installCommand = (packages: readonly string[]): string =>
  `sudo apt-get update && sudo apt-get install -y ${packages.join(" ")}`;

/** Raised when only a person can go on; the message holds the one command to run. */
export class ProgramsMissing extends Error {}

/**
 * Makes sure that MariaDB and Redis are there, with apt where this user may.
 * @throws ProgramsMissing where it may not, or where apt fails.
 */
export const ensureEngines = (log: Log): Promise<void> =>
  ensureInstalled("MariaDB or Redis", ENGINES, log, runInFront);

/**
 * Makes sure that there is a browser for the tests of pages, and answers where. Tests run meanwhile, so apt
 * writes to `logFile`, and no Ctrl-C that is meant for them cuts it off between two packages.
 * @throws ProgramsMissing as `ensureEngines`.
 */
export async function ensureBrowser(log: Log, logFile: string): Promise<string> {
  await ensureInstalled("Chromium", [BROWSER], log, (command) => runBehind(command, logFile));
  return requireBinary(BROWSER);
}

type Run = (command: string[]) => Promise<number | null>;

async function ensureInstalled(
  what: string,
  names: readonly Binary[],
  log: Log,
  run: Run,
): Promise<void> {
  const packages = missingPackages(names);
  if (packages.length === 0) return;

  const advice = `Run this once, then try again:\n\n  ${installCommand(packages)}\n`;
  const missing = `${what} is not installed on this machine (${packages.join(", ")}).`;
  const prefix = aptPrefix();
  if (!prefix) throw new ProgramsMissing(`${missing} ${advice}`);

  log(`Installing ${packages.join(", ")} with apt (once)`);
  // Another command may be installing something of its own: apt waits for it.
  const patience = ["-o", `DPkg::Lock::Timeout=${APT_LOCK_SECONDS}`];
  const apt = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...patience];
  // A stale list only matters if a package is not in it, which the install then tells.
  await run([...apt, "update"]);
  const code = await run([...apt, "install", "-y", "--no-install-recommends", ...packages]);
  if (code !== 0 || missingPackages(names).length > 0) {
    throw new ProgramsMissing(`apt could not install ${packages.join(", ")}. ${advice}`);
  }
}

/** How apt may be called without a question being asked; undefined when it may not. */
function aptPrefix(): string[] | undefined {
  if (!SBIN.concat("/usr/bin").some((folder) => isExecutable(join(folder, "apt-get")))) {
    return undefined;
  }
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"]).status === 0 ? ["sudo", "-n"] : undefined;
}

const runInFront: Run = ([command = "", ...args]) =>
  exitOf(spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] }));

function runBehind([command = "", ...args]: string[], logFile: string): Promise<number | null> {
  mkdirSync(dirname(logFile), { recursive: true });
  const output = openSync(logFile, "a");
  const child = spawn(command, args, { stdio: ["ignore", output, output], detached: true });
  closeSync(output);
  return exitOf(child);
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", (code) => resolve(code));
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
