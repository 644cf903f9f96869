import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";

/**
 * Who runs where, kept beside the data. A pid alone may have been given to a stranger since;
 * together with the start time (clock ticks since boot) it names one process for good.
 */
export type ProcessId = { pid: number; startTicks: number };
export type ProcessRecord = ProcessId & { owner: ProcessId };

const LEFTOVER_TERM_MS = 15_000;
const LEFTOVER_KILL_MS = 5_000;
const POLL_MS = 50;

/** The identity of a live process; undefined once it has ended (a zombie has ended). */
export function identify(pid: number): ProcessId | undefined {
  const stat = readProc(pid, "stat");
  // The command name stands in parentheses and may itself hold spaces or parentheses.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (!fields || fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startTicks: Number(fields[19]) };
}

export function isAlive({ pid, startTicks }: ProcessId): boolean {
  return identify(pid)?.startTicks === startTicks;
}

export function writeRecord(file: string, pid: number): void {
  const [child, owner] = [identify(pid), identify(process.pid)];
  if (!child || !owner) return; // It ended at once; whoever waits for it will say so.
  writeFileSync(file, JSON.stringify({ ...child, owner } satisfies ProcessRecord));
}

export function readRecord(file: string): ProcessRecord | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessRecord;
  } catch {
    return undefined; // Cut off by a crash in the middle of the write.
  }
}

/**
 * Ends what an earlier, crashed owner left behind. Throws when that owner still lives: then the
 * directory is in use. A process whose command line does not name `dir` is never touched.
 */
export async function endLeftover(file: string, dir: string): Promise<"none" | "ended"> {
  const record = readRecord(file);
  if (!record || !isAlive(record) || !commandLineNames(record.pid, dir)) {
    rmSync(file, { force: true });
    return "none";
  }
  if (isAlive(record.owner)) {
    throw new Error(`${dir} is in use by process ${record.owner.pid} (its child ${record.pid})`);
  }
  signal(record, "SIGTERM");
  if (!(await goneWithin(record, LEFTOVER_TERM_MS))) {
    signal(record, "SIGKILL");
    if (!(await goneWithin(record, LEFTOVER_KILL_MS))) {
      throw new Error(`process ${record.pid}, left over in ${dir}, cannot be ended`);
    }
  }
  rmSync(file, { force: true });
  return "ended";
}

function commandLineNames(pid: number, dir: string): boolean {
  const real = existsSync(dir) ? realpathSync(dir) : dir;
  const words = (readProc(pid, "cmdline") ?? "").split("\0");
  return words.some((word) => word.includes(dir) || word.includes(real));
}

/** Each child leads its own process group, so that its own children end with it. */
function signal({ pid }: ProcessId, name: NodeJS.Signals): void {
  try {
    process.kill(name === "SIGKILL" ? -pid : pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

async function goneWithin(id: ProcessId, ms: number): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    if (!isAlive(id)) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return !isAlive(id);
}

function readProc(pid: number, name: "stat" | "cmdline"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}
