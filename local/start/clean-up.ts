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

/** Files that a start makes first: a directory with none of them is not ours to empty. */
const OURS = ["secrets.json", "start.lock"];

/**
 * Deletes all data, keeping the lock that its caller holds.
 * @throws Error when the directory holds something, but nothing that a start has made.
 */
export function resetData(dir: string): void {
  const names = existsSync(dir) ? readdirSync(dir) : [];
  const others = names.filter((name) => name !== "start.lock");
  if (others.length > 0 && !others.some((name) => OURS.includes(name) || name === "logs")) {
    throw new Error(`${dir} holds no local shop; --reset would delete a stranger's files`);
  }
  for (const name of others) rmSync(join(dir, name), { recursive: true, force: true });
}

const subfolders = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(dir, entry.name));
