import type { DatabaseSync } from "node:sqlite";

type Call = { psp: string; started_ms: number; ended_ms: number; outcome: string };

const FAILURES = 3;
const WITHIN_MS = 30_000;
const PAUSE_MS = 5_000;

/**
 * After three calls in a row that went badly, each within half a minute of the one before, nobody
 * calls for five seconds. Calls that had left before are not counted, and say nothing new.
 */
export function breakerViolations(database: DatabaseSync): string[] {
  const calls = database.prepare("SELECT psp, started_ms, ended_ms, outcome FROM calls ORDER BY n");
  const rows = calls.all() as unknown as Call[];
  const found: string[] = [];
  for (const psp of new Set(rows.map((row) => row.psp))) {
    const pauses = pausesOf(rows.filter((row) => row.psp === psp));
    for (const { started_ms: atMs, psp: name } of rows) {
      const isPaused = pauses.some(({ fromMs, untilMs }) => fromMs < atMs && atMs < untilMs);
      if (name === psp && isPaused) found.push(`${psp} called at ${atMs} while open`);
    }
  }
  return found;
}

function pausesOf(calls: readonly Call[]): { fromMs: number; untilMs: number }[] {
  const pauses: { fromMs: number; untilMs: number }[] = [];
  let failures = 0;
  let lastMs = 0;
  for (const { ended_ms: endedMs, outcome } of calls) {
    const isPaused = endedMs < (pauses.at(-1)?.untilMs ?? 0);
    if (isPaused) continue;
    const isBad = outcome === "unknown" || outcome === "not_executed";
    if (isBad && failures > 0 && endedMs - lastMs > WITHIN_MS) failures = 0;
    failures = isBad ? failures + 1 : 0;
    lastMs = endedMs;
    if (failures < FAILURES) continue;
    pauses.push({ fromMs: endedMs, untilMs: endedMs + PAUSE_MS });
    failures = 0;
  }
  return pauses;
}
