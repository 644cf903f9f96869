import type { AuthorizeOutcome, FoundPayment, ProcessorName } from "../../../src/payments/index.ts";
import { weatherBehind } from "../../../src/platform/dependency.ts";
import {
  afterFailure,
  afterSuccess,
  type Circuit,
  CLOSED,
  grantProbe,
  phaseOf,
} from "../../../src/shared/breaker.ts";
import type { Money } from "../../../src/shared/money.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Caller, Wire } from "./faults.ts";
import type { Processor } from "./processor.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** What a processor promises: after this long its search shows whatever it has done. */
export const SETTLE_MS = 3_000;
const INDEX_LAG_MS_MAX = 800;
const SLOW_EFFECT_MS_MAX = 600;
const SLOW_ANSWER_MS = 4_000;

type Outage = { fromMs: number; untilMs: number; kind: "refuses" | "500" | "slow" };
type Request = { key: string; checkoutId: string; amount: Money; isDeclined: boolean };
export type News = { key: string; processor: ProcessorName };

type DeskParts = {
  timeline: Timeline;
  random: Random;
  wire: Wire;
  evidence: Evidence;
  processors: ReadonlyMap<ProcessorName, Processor>;
  bug: Bug | undefined;
};

/** The way to both processors: their weather, the product's circuit before each, and their news. */
export class PaymentDesk {
  tellNews: (news: News) => void = () => {};
  readonly #parts: DeskParts;
  readonly #circuits = new Map<ProcessorName, Circuit>();
  readonly #outages = new Map<ProcessorName, Outage>();
  #calls = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { random, timeline } = parts;
    for (const name of parts.processors.keys()) {
      if (!random.chance(0.6)) continue;
      const fromMs = timeline.nowMs + random.between(0, 60_000);
      const untilMs = fromMs + random.between(5_000, 60_000);
      this.#outages.set(name, { fromMs, untilMs, kind: random.pick(["refuses", "500", "slow"]) });
    }
  }

  async authorize(
    caller: Caller,
    name: ProcessorName,
    request: Request,
  ): Promise<AuthorizeOutcome> {
    const { timeline, evidence, bug } = this.#parts;
    if (!this.#mayCall(name)) return { kind: "not_executed", reason: "circuit_open" };
    const startedMs = timeline.nowMs;
    let outcome = await this.#send(caller, name, request);
    if (bug === "new_processor_key_per_retry" && outcome.kind === "unknown") {
      outcome = await this.#send(caller, name, { ...request, key: `${request.key}:again` });
    }
    const isBad = outcome.kind === "unknown" || outcome.kind === "not_executed";
    const learn = isBad ? afterFailure : afterSuccess;
    this.#circuits.set(name, learn(this.#circuitOf(name), timeline.nowMs));
    this.#calls += 1;
    const when = [startedMs, timeline.nowMs];
    evidence.add("calls", this.#calls, name, request.key, ...when, outcome.kind);
    const isLie =
      (bug === "fail_over_on_timeout" && outcome.kind === "unknown") ||
      (bug === "fail_over_on_decline" && outcome.kind === "declined");
    return isLie ? { kind: "not_executed", reason: "as the bug has it" } : outcome;
  }

  find(caller: Caller, name: ProcessorName, key: string): Promise<FoundPayment> {
    const { wire, timeline } = this.#parts;
    const isSlow = wire.strikes("F16 slow processor", 0.05);
    const find = () => this.#processor(name).find(key, timeline.nowMs);
    return wire.call(caller, "find", find, isSlow ? SLOW_ANSWER_MS : 0);
  }

  async void(caller: Caller, name: ProcessorName, ref: string, key: string) {
    const { wire } = this.#parts;
    return wire.call(caller, "void", () => this.#processor(name).void(ref, key).outcome);
  }

  #mayCall(name: ProcessorName): boolean {
    const { timeline, bug } = this.#parts;
    if (bug === "breaker_ignored") return true;
    const circuit = this.#circuitOf(name);
    const phase = phaseOf(circuit, timeline.nowMs);
    if (phase !== "half_open") return phase === "closed";
    const probing = grantProbe(circuit, timeline.nowMs);
    if (probing) this.#circuits.set(name, probing);
    return probing !== undefined;
  }

  /** Weather at a processor is an outcome of its adapter, not an exception. */
  async #send(caller: Caller, name: ProcessorName, request: Request): Promise<AuthorizeOutcome> {
    const { wire, timeline, random } = this.#parts;
    const weather = this.#weatherOf(name);
    if (weather === "refuses") {
      wire.fired("F14 processor refuses connections");
      await timeline.sleep(random.between(1, 100));
      return { kind: "not_executed", reason: "connection refused" };
    }
    const apply = () => this.#apply(name, request);
    try {
      if (weather === "500") {
        wire.fired("F14 processor 500");
        const isDone = random.chance(0.5);
        await wire.call(caller, "authorize", () => isDone && apply());
        return { kind: "unknown", reason: "500" };
      }
      if (weather === "slow") {
        wire.fired("F16 slow processor");
        const delayMs = random.between(0, SLOW_EFFECT_MS_MAX);
        const late = () => timeline.after(delayMs, apply);
        await wire.call(caller, "authorize", late, SLOW_ANSWER_MS);
        return { kind: "unknown", reason: "timeout" };
      }
      return await wire.call(caller, "authorize", apply);
    } catch (error) {
      if (!weatherBehind(error)) throw error;
      return { kind: "unknown", reason: "timeout" };
    }
  }

  #apply(name: ProcessorName, { key, checkoutId, amount, isDeclined }: Request): AuthorizeOutcome {
    const { wire, timeline, random } = this.#parts;
    if (isDeclined) wire.fired("F15 decline");
    const isOther = amount.amount > 1 && wire.strikes("F16 another amount approved", 0.004);
    const charged = isOther ? { ...amount, amount: amount.amount - 1 } : amount;
    const visibleAtMs = timeline.nowMs + random.between(0, INDEX_LAG_MS_MAX);
    const request = { key, checkoutId, amount: charged };
    const outcome = this.#processor(name).authorize(request, { isDeclined, visibleAtMs });
    if (outcome.kind === "approved") this.tellNews({ key, processor: name });
    return outcome;
  }

  #weatherOf(name: ProcessorName): Outage["kind"] | undefined {
    const { wire, timeline } = this.#parts;
    const outage = this.#outages.get(name);
    if (!outage || wire.isHealed) return undefined;
    const isOn = outage.fromMs <= timeline.nowMs && timeline.nowMs < outage.untilMs;
    return isOn ? outage.kind : undefined;
  }

  #circuitOf = (name: ProcessorName): Circuit => this.#circuits.get(name) ?? CLOSED;

  #processor = (name: ProcessorName): Processor => this.#parts.processors.get(name)!;
}
