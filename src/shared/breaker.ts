/** So many failures in a row, each within the window after the one before, open the circuit. */
export const FAILURES_TO_OPEN = 3;
const FAILURE_WINDOW_MS = 30_000;
export const OPEN_MS_MAX = 60_000;

/** How long an open circuit stays so: twice as long after each probe that failed, within these bounds. */
export type OpenFor = { minMs: number; maxMs: number };
const OPEN_FOR: OpenFor = { minMs: 5_000, maxMs: OPEN_MS_MAX };

/** Calls that may be out at once to find out whether it is over. */
export const PROBES_MAX = 1;
/** A permit that was not used or whose holder died counts no longer. */
const PROBE_LEASE_MS = 15_000;

/** What is known of one system's health: plain data, the same in the shared object and its copies. */
export type Circuit = {
  failures: number;
  lastFailureAtMs: number;
  /** 0 while it is closed. */
  openUntilMs: number;
  openForMs: number;
  /** When each permit to probe that is out runs out. */
  probes: readonly number[];
};

export const CLOSED: Circuit = {
  failures: 0,
  lastFailureAtMs: 0,
  openUntilMs: 0,
  openForMs: 0,
  probes: [],
};

export type Phase = "closed" | "open" | "half_open";

/** `half_open`: the pause is over, and only who was granted a probe may call. */
export function phaseOf({ openUntilMs }: Circuit, nowMs: number): Phase {
  if (openUntilMs === 0) return "closed";
  return nowMs < openUntilMs ? "open" : "half_open";
}

/** Only a success that was made while the circuit let calls through proves anything. */
export function afterSuccess(circuit: Circuit, nowMs: number): Circuit {
  return phaseOf(circuit, nowMs) === "open" ? circuit : CLOSED;
}

export function afterFailure(circuit: Circuit, nowMs: number, openFor = OPEN_FOR): Circuit {
  switch (phaseOf(circuit, nowMs)) {
    case "open":
      return circuit; // A call from before it opened: it says nothing new.
    case "half_open":
      return openCircuit(circuit, Math.min(circuit.openForMs * 2, openFor.maxMs), nowMs);
    case "closed": {
      const inRow = nowMs - circuit.lastFailureAtMs <= FAILURE_WINDOW_MS ? circuit.failures : 0;
      const failed = { ...circuit, failures: inRow + 1, lastFailureAtMs: nowMs };
      return failed.failures >= FAILURES_TO_OPEN
        ? openCircuit(failed, openFor.minMs, nowMs)
        : failed;
    }
  }
}

/** Grants a probe while the budget lasts; `undefined` when it is spent or there is nothing to probe. */
export function grantProbe(circuit: Circuit, nowMs: number): Circuit | undefined {
  if (phaseOf(circuit, nowMs) !== "half_open") return undefined;
  const out = circuit.probes.filter((untilMs) => untilMs > nowMs);
  if (out.length >= PROBES_MAX) return undefined;
  return { ...circuit, probes: [...out, nowMs + PROBE_LEASE_MS] };
}

/** Opened, by whoever counts failures in another way than in a row. */
export const openCircuit = (circuit: Circuit, forMs: number, nowMs: number): Circuit => ({
  ...circuit,
  openUntilMs: nowMs + forMs,
  openForMs: forMs,
  probes: [],
});
