import {
  afterFailure,
  afterSuccess,
  type Circuit,
  CLOSED,
  grantProbe,
  type OpenFor,
  openCircuit,
} from "../../shared/breaker.ts";
import type { StepKind } from "../telemetry/meter.ts";

export type Refusal =
  | { why: "dependency"; dependency: StepKind; retryAfterMs: number }
  | { why: "in_flight"; retryAfterMs: number };

/** So many calls that went badly, and as many as went well, within the last two spans. */
const BAD_MIN = 3;
const SPAN_MS = 5_000;

/** Short, since it is asked again for all: an isolate that hears of no failure tries after a second. */
const OPEN_FOR: OpenFor = { minMs: 1_000, maxMs: 4_000 };
const FULL_RETRY_MS = 1_000;

/**
 * What one isolate knows of the load that it and the systems behind it are under. It learns from the
 * calls that requests make anyway, so knowing costs nothing; and it forgets by itself, as an open
 * circuit lets one request through to try each time its pause is over.
 */
export class Pressure {
  readonly #circuits = new Map<StepKind, Circuit>();
  readonly #counts = new Map<StepKind, Counts>();
  readonly #watched: ReadonlySet<StepKind>;
  readonly #inFlightMax: number;
  #inFlight = 0;

  readonly #slowMs: number;

  /** `slowMs`: a call that takes longer is as bad as one that fails, as others wait behind it. */
  constructor(watched: readonly StepKind[], limits: { inFlightMax: number; slowMs: number }) {
    this.#watched = new Set(watched);
    this.#inFlightMax = limits.inFlightMax;
    this.#slowMs = limits.slowMs;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Learns how one call to a system went. */
  hear(kind: StepKind, { ok, durationMs }: { ok: boolean; durationMs: number }, nowMs: number) {
    if (!this.#watched.has(kind)) return;
    const isBad = !ok || durationMs >= this.#slowMs;
    const circuit = this.#circuits.get(kind);
    if (circuit) {
      const next = isBad ? afterFailure(circuit, nowMs, OPEN_FOR) : afterSuccess(circuit, nowMs);
      if (next === CLOSED) this.#circuits.delete(kind);
      else this.#circuits.set(kind, next);
      return;
    }
    const counts = count(this.#counts.get(kind), isBad, nowMs);
    this.#counts.set(kind, counts);
    const bad = counts.bad + counts.badBefore;
    // Not a number in a row: of many calls at once some fail, although most go well.
    if (bad < BAD_MIN || bad < counts.good + counts.goodBefore) return;
    this.#circuits.set(kind, openCircuit(CLOSED, OPEN_FOR.minMs, nowMs));
    this.#counts.delete(kind);
  }

  /** Takes a place for one expensive request, to be given back by `leave`; or says why there is none. */
  enter(nowMs: number): Refusal | undefined {
    if (this.#inFlight >= this.#inFlightMax) {
      return { why: "in_flight", retryAfterMs: FULL_RETRY_MS };
    }
    for (const [kind, circuit] of this.#circuits) {
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

/** How the calls of this span went, and of the one before. */
type Counts = { span: number; good: number; bad: number; goodBefore: number; badBefore: number };

function count(counts: Counts | undefined, isBad: boolean, nowMs: number): Counts {
  const span = Math.floor(nowMs / SPAN_MS);
  const isSame = counts?.span === span;
  const before = counts?.span === span - 1 ? counts : undefined;
  const now = isSame
    ? counts
    : {
        span,
        good: 0,
        bad: 0,
        goodBefore: before?.good ?? 0,
        badBefore: before?.bad ?? 0,
      };
  return isBad ? { ...now, bad: now.bad + 1 } : { ...now, good: now.good + 1 };
}
