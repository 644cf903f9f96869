import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { endLeftover, writeRecord } from "./process-record.ts";

export type Exit = { code: number | null; signal: NodeJS.Signals | null };
export type Log = (line: string) => void;

/** A process of ours. `stop` asks, then insists; both touch nothing that this handle did not start. */
export type Child = {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** True from the first `stop` or `kill`: an exit after that is no surprise. */
  readonly stopping: boolean;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** The last lines it wrote since it was started. */
  tail(lines?: number): string;
};

export type ChildOptions = {
  name: string;
  command: string;
  args: readonly string[];
  /** Whose data it is: marks the process, so that a leftover can be recognised. Holds the pid file. */
  dir: string;
  logFile: string;
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Time for a clean stop before SIGKILL. */
  stopWithinMs?: number;
};

const STOP_WITHIN_MS = 20_000;
const STOP_AGAIN_MS = 2_000;
const LOG_BYTES_MAX = 5_000_000;
const SETPRIV = "/usr/bin/setpriv";

// A process that ends takes its children with it, even when nobody awaited their stop.
const live = new Map<Child, ChildProcess>();
let closing = false;
process.on("exit", () => {
  for (const child of live.keys()) signalGroup(child.pid, "SIGTERM");
});

/** Stops all children and lets no new one start: for a signal that comes in the middle of a start. */
export async function stopAllChildren(): Promise<void> {
  closing = true;
  await Promise.all([...live.keys()].map((child) => child.stop()));
}

/** Ends a leftover of the same name first, then starts the process in a group of its own. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, dir, logFile } = options;
  const recordFile = join(dir, `${name}.pid`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  mkdirSync(dirname(logFile), { recursive: true });
  await endLeftover(recordFile, dir);
  if (closing) throw new Error(`${name} is not started: everything is being stopped`);

  const { process: spawned, logStart } = spawnLogged(options);
  const exited = exitOf(spawned);
  let stopping = false;
  const child: Child = {
    name,
    pid: spawned.pid ?? 0,
    exited,
    get stopping() {
      return stopping;
    },
    async stop() {
      stopping = true;
      signalLeader(spawned, "SIGTERM");
      // A server that is only just starting may lose the signal before it listens for it.
      const again = setInterval(() => signalLeader(spawned, "SIGTERM"), STOP_AGAIN_MS);
      const insist = setTimeout(() => signalGroup(child.pid, "SIGKILL"), stopWithinMs(options));
      await exited;
      clearInterval(again);
      clearTimeout(insist);
    },
    async kill() {
      stopping = true;
      signalGroup(child.pid, "SIGKILL");
      await exited;
    },
    tail: (lines = 15) => tailOf(logFile, logStart, lines),
  };
  if (spawned.pid === undefined) {
    await exited;
    throw new Error(`${name} could not be started: ${options.command} cannot be run`);
  }
  live.set(child, spawned);
  writeRecord(recordFile, child.pid);
  exited.then(() => {
    live.delete(child);
    rmSync(recordFile, { force: true });
    signalGroup(child.pid, "SIGKILL"); // What the leader left in its group.
  });
  return child;
}

function spawnLogged(options: ChildOptions): { process: ChildProcess; logStart: number } {
  const { logFile, env = process.env, cwd = options.dir } = options;
  const large = existsSync(logFile) && statSync(logFile).size > LOG_BYTES_MAX;
  const log = openSync(logFile, large ? "w" : "a");
  const logStart = statSync(logFile).size;
  // If this process is killed outright, the kernel asks the child to stop in our stead.
  const guarded = existsSync(SETPRIV);
  const command = guarded ? SETPRIV : options.command;
  const args = guarded ? ["--pdeathsig", "TERM", options.command, ...options.args] : options.args;
  try {
    const stdio = ["pipe", log, log] as const;
    // Grandchildren, whose command lines we do not write, are recognised by this variable.
    const marked = { ...env, FRONTAGE_DIR: options.dir };
    const spawned = spawn(command, [...args], {
      stdio: [...stdio],
      detached: true,
      env: marked,
      cwd,
    });
    spawned.stdin?.on("error", () => {}); // EPIPE of a child that has just ended.
    return { process: spawned, logStart };
  } finally {
    closeSync(log);
  }
}

function exitOf(spawned: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    spawned.once("exit", (code, signal) => resolve({ code, signal }));
    spawned.once("error", () => resolve({ code: null, signal: null }));
  });
}

function signalLeader(spawned: ChildProcess, signal: NodeJS.Signals): void {
  if (spawned.exitCode === null && spawned.signalCode === null) spawned.kill(signal);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}

const stopWithinMs = (options: ChildOptions): number => options.stopWithinMs ?? STOP_WITHIN_MS;

function tailOf(logFile: string, from: number, lines: number): string {
  const text = readFileSync(logFile).subarray(from).toString("utf8");
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}

/** Waits until `ready` answers true; throws with the log's end when the child ends or time is up. */
export async function whenReady(
  child: Child,
  ready: () => Promise<boolean>,
  withinMs: number,
): Promise<void> {
  let ended: Exit | undefined;
  child.exited.then((exit) => {
    ended = exit;
  });
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    if (await ready()) return;
    if (ended) {
      const how = ended.signal ?? `exit code ${ended.code}`;
      throw new Error(`${child.name} ended while starting (${how}):\n${child.tail()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await child.stop();
  throw new Error(`${child.name} was not ready within ${withinMs / 1000} s:\n${child.tail()}`);
}
