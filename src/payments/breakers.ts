import { logError } from "../platform/telemetry/log.ts";
import type { Meter } from "../platform/telemetry/meter.ts";
import { afterFailure, afterSuccess, type Circuit, CLOSED, phaseOf } from "../shared/breaker.ts";
import type { Clock } from "../shared/clock.ts";
import type { PaymentProcessor, ProcessorName } from "./model.ts";
import type { BreakerReading } from "./object.ts";

/** How old an isolate's copy may be before a request brings it up to date. */
const COPY_MAX_AGE_MS = 1_000;
/** How long a payment waits for a copy that is on its way. It left beside the hold, so it mostly is there. */
const COPY_WAIT_MS = 100;

/** So many payments may be out at a processor that has fallen silent; the next ones ask first. */
const UNANSWERED_MAX = 3;
/** What counts as silence beyond twice the usual time of an answer. */
const SILENCE_MS = 50;
/** How much the newest answer weighs in the usual time. */
const NEWEST_WEIGHT = 0.2;

type Copy = {
  circuit: Circuit;
  askedAtMs: number;
  probeUntilMs: number;
  /** Payments sent since its last sign of life, when that was, and how long an answer usually takes. */
  unanswered: number;
  aliveAtMs: number;
  usualMs: number;
};

const newCopy = (): Copy => ({
  circuit: CLOSED,
  askedAtMs: 0,
  probeUntilMs: 0,
  unanswered: 0,
  aliveAtMs: 0,
  usualMs: 0,
});

/**
 * Whether a processor whose circuit is closed is asked for a sign of life before it is sent a payment:
 * after a failure, and while several payments wait at it for longer than usual. Of an outage only those
 * payments become unknown that were out when it began.
 */
const isDoubtful = ({ circuit, unanswered, aliveAtMs, usualMs }: Copy, nowMs: number): boolean =>
  circuit.failures > 0 ||
  (unanswered >= UNANSWERED_MAX && nowMs - aliveAtMs > 2 * usualMs + SILENCE_MS);

/**
 * What this isolate knows of each circuit. Plain data, so requests may share it; the calls that bring it
 * up to date belong to one request each.
 */
export type BreakerCopies = Map<ProcessorName, Copy>;

/** The shared circuit of a processor, as a stub offers it. */
export type BreakerLink = (processor: ProcessorName) => {
  read(): Promise<BreakerReading>;
  report(went: "well" | "badly"): Promise<BreakerReading>;
};

export type Breakers = {
  /** Asks the shared circuits for what they know, where the copy is old. Does not wait. */
  refresh(processors: readonly ProcessorName[]): void;
  /** The same processor, which does not pay while its circuit is open. */
  guard(processor: PaymentProcessor): PaymentProcessor;
};

export type BreakerSurroundings = {
  meter: Meter;
  clock: Clock;
  copies: BreakerCopies;
  sleep(ms: number): Promise<void>;
};

const PROBE_USED_WITHIN_MS = 5_000;

/** The circuits as one request sees them. A circuit that cannot be asked is decided by the copy alone. */
export function openBreakers(
  link: BreakerLink,
  { meter, clock, copies, sleep }: BreakerSurroundings,
): Breakers {
  const copyOf = (name: ProcessorName): Copy => {
    const copy = copies.get(name) ?? newCopy();
    copies.set(name, copy);
    return copy;
  };
  const take = (name: ProcessorName, { circuit, mayProbe }: BreakerReading) => {
    const copy = copyOf(name);
    copy.circuit = circuit;
    if (mayProbe) copy.probeUntilMs = clock.nowMs() + PROBE_USED_WITHIN_MS;
  };
  const quietly = (asked: Promise<BreakerReading>, name: ProcessorName): Promise<void> =>
    asked.then(
      (reading) => take(name, reading),
      (error: unknown) => logError("payment.breaker_away", error, { processor: name }),
    );
  let coming: Promise<unknown> | undefined;

  /** Whether a call may leave now, and whether only once the processor has shown that it lives. */
  const permitFor = (name: ProcessorName): "call" | "ask_first" | "none" => {
    const copy = copyOf(name);
    const nowMs = clock.nowMs();
    const phase = phaseOf(copy.circuit, nowMs);
    if (phase === "closed") return isDoubtful(copy, nowMs) ? "ask_first" : "call";
    if (phase === "open") return "none";
    const mayProbe = copy.probeUntilMs > nowMs;
    copy.probeUntilMs = 0;
    return mayProbe ? "ask_first" : "none";
  };

  const showsLife = (name: ProcessorName) => {
    const copy = copyOf(name);
    copy.unanswered = 0;
    copy.aliveAtMs = clock.nowMs();
  };

  const report = (name: ProcessorName, went: "well" | "badly") => {
    const copy = copyOf(name);
    // Nothing to tell while all is well: the hot path costs the shared circuit nothing.
    if (went === "well" && copy.circuit === CLOSED) return;
    if (went === "well" && copy.circuit.failures === 0) return;
    const learn = went === "well" ? afterSuccess : afterFailure;
    copy.circuit = learn(copy.circuit, clock.nowMs());
    void quietly(link(name).report(went), name);
  };

  return {
    refresh(processors) {
      const nowMs = clock.nowMs();
      const stale = processors.filter((name) => nowMs - copyOf(name).askedAtMs > COPY_MAX_AGE_MS);
      if (stale.length === 0) return;
      // Marked before the answer: requests that come meanwhile use the old copy and ask nobody.
      for (const name of stale) copyOf(name).askedAtMs = nowMs;
      coming = Promise.all(
        stale.map((name) =>
          quietly(
            meter.step("object", () => link(name).read()),
            name,
          ),
        ),
      );
    },
    guard: (processor) => ({
      ...processor,
      async authorize(request) {
        if (coming) await Promise.race([coming, sleep(COPY_WAIT_MS)]);
        const permit = permitFor(processor.name);
        if (permit === "none") return { kind: "not_executed", reason: "circuit_open" };
        // A processor that is away costs who asks it a moment, not a lost payment.
        if (permit === "ask_first") {
          if (!(await processor.ping())) {
            report(processor.name, "badly");
            return { kind: "not_executed", reason: "circuit_open" };
          }
          showsLife(processor.name);
        }
        const sentAtMs = clock.nowMs();
        copyOf(processor.name).unanswered += 1;
        const outcome = await processor.authorize(request);
        const isBad = outcome.kind === "unknown" || outcome.kind === "not_executed";
        if (!isBad) {
          showsLife(processor.name);
          const copy = copyOf(processor.name);
          copy.usualMs += (copy.aliveAtMs - sentAtMs - copy.usualMs) * NEWEST_WEIGHT;
        }
        report(processor.name, isBad ? "badly" : "well");
        return outcome;
      },
    }),
  };
}
