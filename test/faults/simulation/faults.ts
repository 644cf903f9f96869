import { DependencyDown, weatherBehind } from "../../../src/platform/dependency.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Every call that leaves a process and can therefore go wrong on its way. */
const CALLS = [
  "take_tries",
  "settle_tries",
  "hold",
  "commit",
  "release",
  "take_back",
  "supply",
  "lend",
  "report",
  "consult",
  "knows",
  "units_of",
  "adopt",
  "inspect",
  "policy",
  "put_back",
  "movements",
  "redeem",
  "restore",
  "terms",
  "authorize",
  "find",
  "void",
  "place",
  "cancel",
  "clear_cart",
  "publish",
  "capture",
  "refund",
  "credit",
  "read",
  "record",
  "mail",
] as const;
export type Call = (typeof CALLS)[number];

const WIRE_FAULTS = [
  "F1 crash before",
  "F2 crash after",
  "F4 lost request",
  "F5 lost answer",
  "F6 delivered twice",
  "F7 delivered late",
] as const;
type WireFault = (typeof WIRE_FAULTS)[number];

/** The other faults, each named where it is injected. */
const OTHER_FAULTS = [
  "F3 crash after journal",
  "F8 part of a fan-out",
  "F13 message delivered twice",
  "F13 message out of order",
  "F13 consumer died",
  "F14 processor 500",
  "F14 processor refuses connections",
  "F15 decline",
  "F15 refund refused",
  "F16 refund only accepted",
  "F16 slow processor",
  "F16 another amount approved",
  "F17 news missing",
  "F17 news twice",
  "F18 clock jumps",
  "F19 alarm late",
  "F19 stock alarm late",
  "F19 whole died before a call",
  "F19 whole died around a call",
  "F19 shard died before a call",
  "F19 shard died around a call",
  "F20 same key again",
  "F20 other key at once",
  "F20 other body under the key",
  "F20 client gone",
  "F20 two cancellations at once",
  "F20 cancellation sent again",
  "F20 two refunds at once",
  "F20 refund sent again",
  "F20 return received again",
] as const;
export type OtherFault = (typeof OTHER_FAULTS)[number];

export const FAULT_POINTS: readonly string[] = [
  ...CALLS.flatMap((call) => WIRE_FAULTS.map((fault) => `${fault}: ${call}`)),
  ...OTHER_FAULTS,
];

/** Counts what fired: a fault that never did has proved nothing. */
export type Coverage = Map<string, number>;

/** Who makes a call: a process that may die. What a dead one still awaits never comes back. */
export type Caller = { isAlive(): boolean; crash(): void };

const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** A call late by less than this may still arrive at a processor: its promise of settling covers it. */
const LATE_MS_MAX = 1_500;
const TRANSIT_MS_MAX = 150;
/** So many calls have a storm in each world. */
const STORMS = 4;
const CALM = 0.012;
const STORM = 0.15;
/** Calls that few checkouts come to: when one does, it shall be in bad weather. */
const RARE: ReadonlySet<Call> = new Set([
  "refund",
  "find",
  "take_back",
  "restore",
  "knows",
  "units_of",
  "inspect",
  "policy",
  "movements",
  "put_back",
]);
const RARE_CALM = 0.3;
const RARE_STORM = 0.6;
/** Those of few checkouts, and between the objects of a split SKU. */
const UNCOMMON: ReadonlySet<Call> = new Set([
  "redeem",
  "clear_cart",
  "supply",
  "lend",
  "report",
  "consult",
]);
const UNCOMMON_CALM = 0.03;
/** The rarest, each repeated by an alarm or its caller until it is through. */
const RAREST: Partial<Record<Call, number>> = { cancel: 0.93, adopt: 0.6, void: 0.5, credit: 0.65 };

/** The network between all parts. Each world picks a few calls for its storm, and by chance all else. */
export class Wire {
  isHealed = false;
  readonly #storm: ReadonlySet<Call>;
  readonly #random: Random;
  readonly #timeline: Timeline;
  readonly #coverage: Coverage;
  readonly #log: (line: string) => void;
  readonly #thrown: (place: string, error: unknown) => void;

  constructor(parts: {
    random: Random;
    timeline: Timeline;
    coverage: Coverage;
    log: (line: string) => void;
    thrown: (place: string, error: unknown) => void;
  }) {
    this.#random = parts.random;
    this.#timeline = parts.timeline;
    this.#coverage = parts.coverage;
    this.#log = parts.log;
    this.#thrown = parts.thrown;
    const { random } = parts;
    this.#storm = new Set(Array.from({ length: STORMS }, () => random.pick(CALLS)));
  }

  /** Whether this fault strikes now; counted where it does. */
  strikes(fault: OtherFault, probability: number): boolean {
    if (this.isHealed || !this.#random.chance(probability)) return false;
    this.fired(fault);
    return true;
  }

  fired(point: string): void {
    this.#coverage.set(point, (this.#coverage.get(point) ?? 0) + 1);
    this.#log(point);
  }

  /** Lets `apply` happen over there, once as a rule. Throws weather when this side cannot know. */
  async call<T>(caller: Caller, name: Call, apply: () => T | Promise<T>, slowMs = 0): Promise<T> {
    if (!caller.isAlive()) return never();
    const fault = this.#draw(name);
    if (fault === "F1 crash before") return died(caller);
    await this.#timeline.sleep(this.#random.between(1, TRANSIT_MS_MAX));
    this.#log(`${name} arrives`);
    switch (fault) {
      case "F4 lost request":
        await this.#timeline.sleep(this.#random.between(200, 2_000));
        break;
      case "F7 delivered late":
        this.#copy(name, apply, this.#random.between(100, LATE_MS_MAX));
        break;
      default: {
        if (fault === "F6 delivered twice") {
          this.#copy(name, apply, this.#random.between(1, LATE_MS_MAX));
        }
        const result = await apply();
        if (fault === "F2 crash after") return died(caller);
        await this.#timeline.sleep(this.#random.between(1, TRANSIT_MS_MAX) + slowMs);
        if (!caller.isAlive()) return never();
        if (fault !== "F5 lost answer") return result;
      }
    }
    if (!caller.isAlive()) return never();
    throw new DependencyDown(name);
  }

  /** Arrives without anybody waiting for its answer. */
  #copy<T>(name: Call, apply: () => T | Promise<T>, delayMs: number): void {
    this.#timeline.after(delayMs, async () => {
      try {
        await apply();
      } catch (error) {
        if (!weatherBehind(error)) this.#thrown(`late ${name}`, error);
      }
    });
  }

  #probabilityOf(name: Call): number {
    const isStorm = this.#storm.has(name);
    const rarest = RAREST[name];
    if (rarest !== undefined) return rarest;
    if (RARE.has(name)) return isStorm ? RARE_STORM : RARE_CALM;
    if (UNCOMMON.has(name)) return isStorm ? STORM : UNCOMMON_CALM;
    return isStorm ? STORM : CALM;
  }

  #draw(name: Call): WireFault | undefined {
    if (this.isHealed || !this.#random.chance(this.#probabilityOf(name))) return undefined;
    const fault = this.#random.pick(WIRE_FAULTS);
    this.fired(`${fault}: ${name}`);
    return fault;
  }
}

function died<T>(caller: Caller): Promise<T> {
  caller.crash();
  return never();
}
