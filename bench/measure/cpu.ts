import { readdirSync, readFileSync } from "node:fs";

/**
 * Processor time that a process has used, in seconds, to the nanosecond: the sum over its threads, as
 * the scheduler counts it. The ticks of /proc/PID/stat are too coarse for a turn of 20 pages.
 */
export const cpuSeconds = (pid: number): number =>
  [...threadSeconds(pid).values()].reduce((sum, seconds) => sum + seconds, 0);

/** The same by thread. */
export function threadSeconds(pid: number): Map<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`);
  return new Map(
    threads.map((thread) => [thread, Number(ofThread(pid, thread).split(" ")[0]) / 1e9]),
  );
}

/** How much of what a process used since then was used by its busiest thread: 1 is all. */
export function busiestShare(pid: number, since: ReadonlyMap<string, number>): number {
  const used = [...threadSeconds(pid)].map(
    ([thread, seconds]) => seconds - (since.get(thread) ?? 0),
  );
  return Math.max(...used) / used.reduce((sum, seconds) => sum + seconds, 0);
}

function ofThread(pid: number, thread: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
  } catch {
    return "0"; // It ended since it was listed.
  }
}
