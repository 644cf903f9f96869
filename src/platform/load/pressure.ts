import {
  afterFailure,
  afterSuccess,
  type Circuit,
  CLOSED,
  grantProbe,
  type OpenFor,
} from "../../shared/breaker.ts";
import type { StepKind } from "../telemetry/meter.ts";

export type Refusal =
  | { why: "dependency"; dependency: StepKind; retryAfterMs: number }
  | { why: "in_flight"; retryAfterMs: number };

/** A call that takes longer is as bad as one that fails: whoever waits for it keeps others waiting. */
const SLOW_MS = 2_000;
/** Short, since it is asked again for all: an isolate that hears of no failure tries after a second. */
const OPEN_FOR: OpenFor = { minMs: 1_000, maxMs: 10_000 };
const FULL_RETRY_MS = 1_000;

/**
 * What one isolate knows of the load that it and the systems behind it are under. It learns from the
 * calls that requests make anyway, so knowing costs nothing; and it forgets by itself, as an open
 * circuit lets one request through to try each time its pause is over.
 */
export class Pressure {
  readonly #circuits = new Map<StepKind, Circuit>();
  readonly #watched: ReadonlySet<StepKind>;
  readonly #inFlightMax: number;
  #inFlight = 0;

  constructor(watched: readonly StepKind[], inFlightMax: number) {
    this.#watched = new Set(watched);
    this.#inFlightMax = inFlightMax;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Learns how one call to a system went. */
  hear(kind: StepKind, { ok, durationMs }: { ok: boolean; durationMs: number }, nowMs: number) {
    if (!this.#watched.has(kind)) return;
    const circuit = this.#circuits.get(kind);
    if (ok && durationMs < SLOW_MS) {
      if (circuit) this.#circuits.set(kind, afterSuccess(circuit, nowMs));
      return;
    }
    this.#circuits.set(kind, afterFailure(circuit ?? CLOSED, nowMs, OPEN_FOR));
  }

  /** Takes a place for one expensive request, to be given back by `leave`; or says why there is none. */
  enter(nowMs: number): Refusal | undefined {
    if (this.#inFlight >= this.#inFlightMax) {
      return { why: "in_flight", retryAfterMs: FULL_RETRY_MS };
    }
    for (const [kind, circuit] of this.#circuits) {
      if (circuit.openUntilMs === 0) continue;
      const probing = grantProbe(circuit, nowMs);
      if (!probing) {
        const retryAfterMs = Math.max(circuit.openUntilMs - nowMs, OPEN_FOR.minMs);
        return { why: "dependency", dependency: kind, retryAfterMs };
      }
      this.#circuits.set(kind, probing);
    }
    this.#inFlight += 1;
    return undefined;
  }

  leave(): void {
    this.#inFlight -= 1;
  }
}
