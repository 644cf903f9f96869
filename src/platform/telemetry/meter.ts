import { weatherBehind } from "../dependency.ts";

/** The kinds of network step a request may take, as they appear in `Server-Timing`. */
export type StepKind =
  | "mysql"
  | "replica"
  | "redis"
  | "neon"
  | "object"
  | "kv"
  | "cache"
  | "r2"
  | "search"
  | "processor"
  | "mail"
  | "sms"
  | "push"
  | "webhook"
  | "issuer"
  | "queue";

export type Step = { kind: StepKind; depth: number; durationMs: number };

/** What an object answers beside its value, so that its own steps count in the caller's request. */
export type Metered<T> = { value: T; steps: Step[] };

/** Is told how each step went, as it ends. An object's own steps come with its answer. */
export type StepListener = (kind: StepKind, went: { ok: boolean; durationMs: number }) => void;

const STEPS_MAX = 500;
const TIMINGS_MAX = 100;

/**
 * Counts the network steps of one request. A step that starts after another has settled is one
 * deeper; steps that run side by side share a depth. The greatest depth is the number of sequential
 * round trips, which DESIGN §13 budgets.
 */
export class Meter {
  readonly #steps: Step[] = [];
  readonly #listener: StepListener | undefined;
  #settledDepth = 0;
  #besideDepth = 0;
  #tellsDurations = true;

  constructor(listener?: StepListener) {
    this.#listener = listener;
  }

  step<T>(kind: StepKind, call: () => Promise<T>): Promise<T> {
    return this.#timed(kind, call, (step, ok) => this.#record(step, ok));
  }

  /**
   * A step that only the answer waits for. What begins after it has ended did not wait for it, so it is no
   * deeper: else the count would depend on which of two was faster.
   */
  beside<T>(kind: StepKind, call: () => Promise<T>): Promise<T> {
    return this.#timed(kind, call, (step, ok) => {
      this.#besideDepth = Math.max(this.#besideDepth, step.depth);
      this.#note(step, ok);
    });
  }

  /** A call to an object that meters its own steps: they count on top of the call itself. */
  async nested<T>(kind: StepKind, call: () => Promise<Metered<T>>): Promise<T> {
    const depth = this.#settledDepth + 1;
    const startedMs = Date.now();
    let ok = false;
    try {
      const { value, steps } = await call();
      for (const step of steps) this.#record({ ...step, depth: depth + step.depth }, true);
      ok = true;
      return value;
    } catch (error) {
      // Its steps are lost with its answer, but not what it failed for.
      const failed = weatherBehind(error)?.dependency;
      if (failed) this.#listener?.(failed as StepKind, { ok, durationMs: Date.now() - startedMs });
      throw error;
    } finally {
      this.#record({ kind, depth, durationMs: Date.now() - startedMs }, ok);
    }
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Sequential depth so far. */
  get roundTrips(): number {
    return Math.max(this.#settledDepth, this.#besideDepth);
  }

  /** For a request whose steps' durations would tell a stranger something: they read as 0. */
  keepDurationsSecret(): void {
    this.#tellsDurations = false;
  }

  /** One entry per step, up to a bound that fits any header limit; `desc` is its depth. */
  serverTiming(): string {
    const told = (durationMs: number) => (this.#tellsDurations ? durationMs : 0);
    return this.#steps
      .slice(0, TIMINGS_MAX)
      .map(({ kind, depth, durationMs }) => `${kind};dur=${told(durationMs)};desc="${depth}"`)
      .join(", ");
  }

  async #timed<T>(
    kind: StepKind,
    call: () => Promise<T>,
    keep: (step: Step, ok: boolean) => void,
  ): Promise<T> {
    const depth = this.#settledDepth + 1;
    const startedMs = Date.now();
    let ok = false;
    try {
      const value = await call();
      ok = true;
      return value;
    } finally {
      keep({ kind, depth, durationMs: Date.now() - startedMs }, ok);
    }
  }

  #record(step: Step, ok: boolean): void {
    this.#settledDepth = Math.max(this.#settledDepth, step.depth);
    this.#note(step, ok);
  }

  #note(step: Step, ok: boolean): void {
    this.#listener?.(step.kind, { ok, durationMs: step.durationMs });
    if (this.#steps.length < STEPS_MAX) this.#steps.push(step);
  }
}
