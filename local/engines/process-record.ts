import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";

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
  const fields = statFields(pid);
  return fields && { pid, startTicks: Number(fields[19]) };
}

/** The fields of /proc/<pid>/stat from the third on: state, parent, process group and so forth. */
function statFields(pid: number): string[] | undefined {
  const stat = readProc(pid, "stat");
  // The command name stands in parentheses and may itself hold spaces or parentheses.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return !fields || fields[0] === "Z" || fields[0] === "X" ? undefined : fields;
}

export function isAlive({ pid, startTicks }: ProcessId): boolean {
  return identify(pid)?.startTicks === startTicks;
}

export function writeRecord(file: string, pid: number): void {
  const [child, owner] = [identify(pid), identify(process.pid)];
  if (!child || !owner) return; // It ended at once; whoever waits for it will say so.
  writeFileSync(file, JSON.stringify({ ...child, owner } satisfies ProcessRecord));
}

function readRecord(file: string): ProcessRecord | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessRecord;
  } catch {
    return undefined; // Cut off by a crash in the middle of the write.
  }
}

/**
 * Ends what an earlier, crashed owner left behind. Throws when that owner still lives: then the
 * directory is in use. A process that was not started for `dir` is never touched.
 */
export async function endLeftover(file: string, dir: string): Promise<"none" | "ended"> {
  const record = readRecord(file);
  if (!record || !isAlive(record) || !names(record.pid, dir)) {
    // A group outlives its leader; a pid that is in use again says that the group is gone.
    if (record && !identify(record.pid)) endOrphans(record.pid, dir);
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

/** What a leader that was killed outright left running in its group. */
function endOrphans(group: number, dir: string): void {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of pids.map(Number)) {
    if (Number(statFields(pid)?.[2]) === group && names(pid, dir)) process.kill(pid, "SIGKILL");
  }
}

/** Whether a process was started for `dir`: its command line or its environment says so. */
function names(pid: number, dir: string): boolean {
  const paths = [dir, existsSync(dir) ? realpathSync(dir) : dir];
  const text = `${readProc(pid, "cmdline") ?? ""}\0${readProc(pid, "environ") ?? ""}`;
  const words = text.split("\0");
  return paths.some((path) => words.some((w) => w.endsWith(path) || w.includes(`${path}/`)));
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

function readProc(pid: number, name: "stat" | "cmdline" | "environ"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}
