import { readdirSync, readFileSync } from "node:fs";

/**
 * Processor time that a process has used, in seconds, to the nanosecond: the sum over its threads, as
 * the scheduler counts it. The ticks of /proc/PID/stat are too coarse for a turn of 20 pages.
 */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(ofThread(pid, thread).split(" ")[0]);
  }
  return nanoseconds / 1e9;
}

function ofThread(pid: number, thread: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
  } catch {
    return "0"; // It ended since it was listed.
  }
}
