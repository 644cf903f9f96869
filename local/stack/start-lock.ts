import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isAlive, type ProcessId } from "../engines/process-record.ts";

export type StartState = "starting" | "running" | "stopping";
type Holder = ProcessId & { state: StartState; apiUrl: string };

/** Another process has the directory. */
export class AlreadyStarted extends Error {
  readonly holder: Holder;

  constructor(holder: Holder) {
    super(`process ${holder.pid} is ${holder.state}`);
    this.holder = holder;
  }
}

export type StartLock = { setState(state: StartState): void; release(): void };

const POLL_MS = 100;

/**
 * Takes the directory for this process. A holder that is stopping is waited for; one that has
 * crashed has left the lock behind, and loses it.
 * @throws AlreadyStarted while another process starts or runs there.
 */
export async function takeStartLock(
  dir: string,
  apiUrl: string,
  waitForStopMs = 30_000,
): Promise<StartLock> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "start.lock");
  const self = identify(process.pid);
  if (!self) throw new Error("/proc does not know this process");
  const text = (state: StartState) => JSON.stringify({ ...self, state, apiUrl } satisfies Holder);

  for (const deadline = Date.now() + waitForStopMs; ; ) {
    if (createExclusively(file, text("starting"))) break;
    const holder = readHolder(file);
    if (!holder || !isAlive(holder)) {
      rmSync(file, { force: true });
    } else if (holder.state !== "stopping" || Date.now() > deadline) {
      throw new AlreadyStarted(holder);
    } else {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  return {
    setState: (state) => writeFileSync(file, text(state)),
    release: () => rmSync(file, { force: true }),
  };
}

/** Whole or not at all: a lock that is read before it says whose it is would be taken for a dead one's. */
function createExclusively(file: string, text: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, text);
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined; // Gone, or cut off by a crash.
  }
}
