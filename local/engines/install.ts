import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Log } from "./child.ts";

/** What each program comes in, on Debian. The core package starts no system service. */
const PACKAGES = {
  mariadbd: "mariadb-server-core",
  "mariadb-install-db": "mariadb-server-core",
  my_print_defaults: "mariadb-client-core",
  "redis-server": "redis-server",
} as const;

export type Binary = keyof typeof PACKAGES;

/** Servers live in sbin, which is not on the path of an ordinary user. */
const SBIN = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

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
  if (!found) throw new Error(`${name} is not installed: ${installCommand([PACKAGES[name]])}`);
  return found;
}

export function missingPackages(path?: string, sbin?: readonly string[]): string[] {
  const names = Object.keys(PACKAGES) as Binary[];
  const missing = names.filter((name) => !findBinary(name, path, sbin));
  return [...new Set(missing.map((name) => PACKAGES[name]))];
}

export const installCommand = (packages: readonly string[]): string =>
  `sudo apt-get update && sudo apt-get install -y ${packages.join(" ")}`;

/** Raised when only a person can go on; the message holds the one command to run. */
export class EnginesMissing extends Error {}

/**
 * Makes sure that MariaDB and Redis are there, with apt where this user may.
 * @throws EnginesMissing where it may not, or where apt fails.
 */
export async function ensureEngines(log: Log): Promise<void> {
  const packages = missingPackages();
  if (packages.length === 0) return;

  const advice = `Run this once, then try again:\n\n  ${installCommand(packages)}\n`;
  const missing = `MariaDB or Redis is not installed on this machine (${packages.join(", ")}).`;
  const prefix = aptPrefix();
  if (!prefix) throw new EnginesMissing(`${missing} ${advice}`);

  log(`Installing ${packages.join(", ")} with apt (once)`);
  const noQuestions = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  // A stale list only matters if a package is not in it, which the install then tells.
  await run([...prefix, ...noQuestions, "update"]);
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  const code = await run([...prefix, ...noQuestions, ...install]);
  if (code !== 0 || missingPackages().length > 0) {
    throw new EnginesMissing(`apt could not install ${packages.join(", ")}. ${advice}`);
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

function run([command = "", ...args]: string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
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
