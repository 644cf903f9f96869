import { logError } from "../platform/telemetry/log.ts";
import type { Meter } from "../platform/telemetry/meter.ts";
import { afterFailure, afterSuccess, type Circuit, CLOSED, phaseOf } from "../shared/breaker.ts";
import type { Clock } from "../shared/clock.ts";
import {
  type AuthorizeOutcome,
  type AuthorizeRequest,
  type PaymentProcessor,
  PING_MS_MAX,
  type ProcessorName,
} from "./model.ts";
import type { BreakerReading } from "./object.ts";
import {
  answered,
  asks,
  crowds,
  forgetOlder,
  isAgeing,
  isAsked,
  isSilent,
  leaves,
  lost,
  mayLeave,
  noSigns,
  paid,
  type Signs,
  unanswered,
} from "./signs-of-life.ts";

/** How old an isolate's copy may be before a request brings it up to date. */
const COPY_MAX_AGE_MS = 1_000;
/** How long a payment waits for a copy that is on its way. It left beside the hold, so it mostly is there. */
const COPY_WAIT_MS = 100;
/** How often a payment that waits for a sign of life looks whether another request got one. */
const LOOK_EVERY_MS = 10;

type Copy = {
  circuit: Circuit;
  askedAtMs: number;
  /** How often this isolate told the shared circuit something: what was read before that is old. */
  reports: number;
  probeUntilMs: number;
  signs: Signs;
};

const newCopy = (): Copy => ({
  circuit: CLOSED,
  askedAtMs: 0,
  reports: 0,
  probeUntilMs: 0,
  signs: noSigns(),
});

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
  /**
   * Asks the shared circuits for what they know, where the copy is old, and the guarded processor that is
   * tried first for a sign of life, where the last one ages. Does not wait.
   */
  refresh(processors: readonly ProcessorName[]): void;
  /** The same processor, which is sent no payment while its circuit is open or it is silent. */
  guard(processor: PaymentProcessor): PaymentProcessor;
};

export type BreakerSurroundings = {
  meter: Meter;
  clock: Clock;
  copies: BreakerCopies;
  /** After so long every payment has had its answer, or none will come. */
  timeoutMs: number;
  sleep(ms: number): Promise<void>;
};

const PROBE_USED_WITHIN_MS = 5_000;
const CIRCUIT_OPEN = { kind: "not_executed", reason: "circuit_open" } as const;

/** The circuits as one request sees them. A circuit that cannot be asked is decided by the copy alone. */
export function openBreakers(
  link: BreakerLink,
  { meter, clock, copies, timeoutMs, sleep }: BreakerSurroundings,
): Breakers {
  const copyOf = (name: ProcessorName): Copy => {
    const copy = copies.get(name) ?? newCopy();
    copies.set(name, copy);
    return copy;
  };
  const quietly = async (
    name: ProcessorName,
    asked: () => Promise<BreakerReading>,
  ): Promise<void> => {
    const copy = copyOf(name);
    const { reports } = copy;
    try {
      const { circuit, mayProbe } = await asked();
      // Otherwise the answer to a later report is under way, which counts what this one does not.
      if (copy.reports === reports) copy.circuit = circuit;
      if (mayProbe) copy.probeUntilMs = clock.nowMs() + PROBE_USED_WITHIN_MS;
    } catch (error) {
      logError("payment.breaker_away", error, { processor: name });
    }
  };
  let coming: Promise<unknown> | undefined;
  const guarded = new Map<ProcessorName, PaymentProcessor>();
  /** Of this request: it waits for no other's, because those may die with their requests. */
  const asked = new Map<ProcessorName, Promise<boolean>>();

  /** Whether the circuit lets a payment through, if the processor lives; uses up the permit to probe. */
  const mayTry = (name: ProcessorName): boolean => {
    const copy = copyOf(name);
    const nowMs = clock.nowMs();
    const phase = phaseOf(copy.circuit, nowMs);
    if (phase !== "half_open") return phase === "closed";
    const mayProbe = copy.probeUntilMs > nowMs;
    copy.probeUntilMs = 0;
    return mayProbe;
  };

  const report = (name: ProcessorName, went: "well" | "badly") => {
    const copy = copyOf(name);
    // Nothing to tell while all is well: the hot path costs the shared circuit nothing.
    if (went === "well" && copy.circuit === CLOSED) return;
    if (went === "well" && copy.circuit.failures === 0) return;
    const learn = went === "well" ? afterSuccess : afterFailure;
    copy.circuit = learn(copy.circuit, clock.nowMs());
    copy.reports += 1;
    void quietly(name, () => link(name).report(went));
  };

  /** A processor that is away costs who asks it a moment, not a lost payment. */
  const ask = async (processor: PaymentProcessor, isAhead = false): Promise<boolean> => {
    const { signs } = copyOf(processor.name);
    const sentAtMs = clock.nowMs();
    const call = asks(signs, sentAtMs, PING_MS_MAX);
    const lives = await processor.ping();
    signs.askedUntilMs = 0;
    if (lives) {
      answered(signs, call, sentAtMs);
      return true;
    }
    const isNews = unanswered(signs, call) === "new";
    // What was asked ahead is asked again: an isolate that was busy itself hears nothing either.
    if (isNews && !isAhead) report(processor.name, "badly");
    return false;
  };

  /**
   * The number of a payment that leaves now; undefined when the processor stays silent. Waits a second
   * and a question at most, and looks at plain data meanwhile: it may be another request's call that is
   * answered.
   */
  const leave = async (processor: PaymentProcessor): Promise<number | undefined> => {
    const copy = copyOf(processor.name);
    const { signs } = copy;
    const before = signs.sent;
    const showedLife = () => signs.proven.call > before;
    for (let waitedMs = 0; waitedMs < PING_MS_MAX; waitedMs += LOOK_EVERY_MS) {
      const nowMs = clock.nowMs();
      if (phaseOf(copy.circuit, nowMs) === "open") return undefined;
      forgetOlder(signs, nowMs - timeoutMs - PING_MS_MAX);
      const isDoubted = isSilent(signs) || (copy.circuit.failures > 0 && !showedLife());
      const verdict = isDoubted ? "ask" : mayLeave(signs, nowMs);
      // Nothing is awaited between the verdict and the number, so no two requests take one place.
      if (verdict === "call") return leaves(signs, nowMs);
      if (verdict === "crowd") crowds(signs, nowMs);
      const mustAsk = isDoubted || (verdict === "crowd" && !isAsked(signs, nowMs));
      if (!mustAsk) await sleep(LOOK_EVERY_MS);
      else if (!(await ask(processor)) && !showedLife()) return undefined;
    }
    // It lives, and is so busy that no place became free in all that time: this payment is one too many.
    const nowMs = clock.nowMs();
    return showedLife() && mayLeave(signs, nowMs) !== "hang" ? leaves(signs, nowMs) : undefined;
  };

  const authorize = async (
    processor: PaymentProcessor,
    request: AuthorizeRequest,
  ): Promise<AuthorizeOutcome> => {
    const { name } = processor;
    if (coming) await Promise.race([coming, sleep(COPY_WAIT_MS)]);
    await asked.get(name);
    const call = mayTry(name) ? await leave(processor) : undefined;
    if (call === undefined) return CIRCUIT_OPEN;
    const { signs } = copyOf(name);
    const sentAtMs = clock.nowMs();
    const outcome = await processor.authorize(request);
    const isBad = outcome.kind === "unknown" || outcome.kind === "not_executed";
    if (isBad) lost(signs, call);
    else paid(signs, call, sentAtMs, clock.nowMs());
    report(name, isBad ? "badly" : "well");
    return outcome;
  };

  const askAhead = (processors: readonly ProcessorName[]) => {
    const nowMs = clock.nowMs();
    const first = processors.find((name) => phaseOf(copyOf(name).circuit, nowMs) === "closed");
    const processor = first && guarded.get(first);
    if (!processor || !isAgeing(copyOf(first).signs, nowMs)) return;
    asked.set(first, ask(processor, true));
  };

  return {
    refresh(processors) {
      askAhead(processors);
      const nowMs = clock.nowMs();
      const stale = processors.filter((name) => nowMs - copyOf(name).askedAtMs > COPY_MAX_AGE_MS);
      if (stale.length === 0) return;
      // Marked before the answer: requests that come meanwhile use the old copy and ask nobody.
      for (const name of stale) copyOf(name).askedAtMs = nowMs;
      coming = Promise.all(
        stale.map((name) => quietly(name, () => meter.step("object", () => link(name).read()))),
      );
    },
    guard: (processor) => {
      guarded.set(processor.name, processor);
      return { ...processor, authorize: (request) => authorize(processor, request) };
    },
  };
}
