import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endLeftover } from "../engines/process-record.ts";

/** Ends processes that a crashed start left running on this directory; answers how many. */
export async function endLeftovers(dir: string): Promise<number> {
  const folders = [dir, ...subfolders(dir)];
  const records = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".pid") && name !== "mariadbd.pid")
      .map((name) => ({ folder, file: join(folder, name) })),
  );
  const ends = records.map(({ folder, file }) => endLeftover(file, folder));
  return (await Promise.all(ends)).filter((outcome) => outcome === "ended").length;
}

/** What a start makes first: a directory with neither is not ours to empty. */
const OURS = ["secrets.json", "logs"];
/** In use by others: the caller's own lock, a running install, running tests. */
const KEPT = ["start.lock", "install.lock", "tests"];

/**
 * Deletes all data of the shop.
 * @throws Error when the directory holds something, but nothing that a start has made.
 */
export function resetData(dir: string): void {
  const names = existsSync(dir) ? readdirSync(dir) : [];
  const others = names.filter((name) => !KEPT.includes(name));
  if (others.length > 0 && !others.some((name) => OURS.includes(name))) {
    throw new Error(`${dir} holds no local shop; --reset would delete a stranger's files`);
  }
  for (const name of others) rmSync(join(dir, name), { recursive: true, force: true });
}

const subfolders = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(dir, entry.name));
