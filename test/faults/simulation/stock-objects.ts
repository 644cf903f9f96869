import { objectName, type Place, WHOLE } from "../../../src/inventory/shards/layout.ts";
import type { ShardPort, WholePort } from "../../../src/inventory/shards/ports.ts";
import type { ShardStock } from "../../../src/inventory/shards/shard.ts";
import type { SkuStock } from "../../../src/inventory/sku-stock.ts";
import { DependencyDown, weatherBehind } from "../../../src/platform/dependency.ts";
import type { Sku } from "../../../src/shared/ids.ts";
import type { Bug } from "./bugs.ts";
import type { Caller, Wire } from "./faults.ts";
import { ObjectStorage, tables } from "./object-storage.ts";
import type { Random } from "./random.ts";
import { faultyTransfers, faultyWhole } from "./shard-bugs.ts";
import {
  type StockInstance,
  shardInstance,
  storageWhile,
  wholeInstance,
} from "./stock-instances.ts";
import type { Timeline } from "./timeline.ts";

export type StockNode = {
  sku: Sku;
  place: Place;
  storage: ObjectStorage;
  instance: StockInstance | undefined;
  generation: number;
  alarmAtMs: number | undefined;
  alarmsFailed: number;
  /** How far its machine's clock is off. */
  skewMs: () => number;
  hasStock: boolean;
  /** Calls that are inside: a crash ends them for whoever waits. */
  inside: Set<(error: unknown) => void>;
};

export type StockParts = {
  timeline: Timeline;
  random: Random;
  wire: Wire;
  skewMs: () => number;
  bug: Bug | undefined;
  thrown: (place: string, error: unknown) => void;
};

const DEATH = 0.004;
const DIES_WITHIN_MS_MAX = 600;
const ALARM_AGAIN_MS = 2_000;
const ALARM_LATE_MS_MAX = 8_000;
const SPLIT_ALARM_LATE_MS_MAX = 1_500;
/** The shop counts on two objects' clocks to differ by less than five seconds. */
const SHARD_SKEW_MS_MAX = 2_400;

/**
 * The objects of every SKU, the whole and its shards, each the shop's own code over its own SQLite.
 * Any of them may die at any call: what it awaits never comes back, what it stored is all that is left.
 */
export class StockObjects {
  readonly #nodes = new Map<string, StockNode>();
  readonly #split = new Set<Sku>();
  readonly #parts: StockParts;

  constructor(parts: StockParts) {
    this.#parts = parts;
  }

  /** The clocks of what may be split are as good as the shop counts on. */
  maySplit(sku: Sku): void {
    this.#split.add(sku);
  }

  nodes = (): StockNode[] => [...this.#nodes.values()];

  node(sku: Sku, place: Place): StockNode {
    const name = objectName(sku, place);
    const known = this.#nodes.get(name);
    if (known) return known;
    const { random, skewMs } = this.#parts;
    const offMs = this.#split.has(sku) ? random.between(-SHARD_SKEW_MS_MAX, SHARD_SKEW_MS_MAX) : 0;
    const node: StockNode = {
      sku,
      place,
      storage: new ObjectStorage(),
      instance: undefined,
      generation: 0,
      alarmAtMs: undefined,
      alarmsFailed: 0,
      skewMs: this.#split.has(sku) ? () => offMs : skewMs,
      hasStock: false,
      inside: new Set(),
    };
    this.#nodes.set(name, node);
    return node;
  }

  /** Runs something inside an object, as a call that has arrived there. */
  enter<T>(
    node: StockNode,
    run: (target: SkuStock & ShardStock) => T | Promise<T>,
    fallible = true,
  ): Promise<T> {
    const { wire, timeline, random } = this.#parts;
    const who = node.place === WHOLE ? "whole" : "shard";
    if (fallible && wire.strikes(`F19 ${who} died before a call`, DEATH)) this.crash(node);
    if (fallible && wire.strikes(`F19 ${who} died around a call`, DEATH)) {
      timeline.after(random.between(0, DIES_WITHIN_MS_MAX), () => this.crash(node));
    }
    const { target } = this.#instance(node);
    return this.#inside(node, async () => run(target as SkuStock & ShardStock));
  }

  /** Memory is gone, and with it every call that was inside; storage and its alarm stay. */
  crash(node: StockNode): void {
    node.instance = undefined;
    node.generation += 1;
    for (const fail of [...node.inside]) fail(new DependencyDown("object"));
    node.inside.clear();
  }

  close(): void {
    for (const { storage } of this.#nodes.values()) storage.close();
  }

  #inside<T>(node: StockNode, run: () => Promise<T>): Promise<T> {
    return new Promise<T>((settle, fail) => {
      node.inside.add(fail);
      run()
        .then(settle, fail)
        .finally(() => node.inside.delete(fail));
    });
  }

  #instance(node: StockNode): StockInstance {
    node.instance ??= this.#make(node);
    return node.instance;
  }

  #make(node: StockNode): StockInstance {
    const { timeline, bug } = this.#parts;
    const { sku, place, alarmAtMs, generation } = node;
    const isAlive = () => node.generation === generation;
    const crash = () => {
      if (isAlive()) this.crash(node);
    };
    const caller = { isAlive, crash };
    const deps = {
      storage: storageWhile(node.storage, isAlive),
      nowMs: () => timeline.nowMs + node.skewMs(),
      setAlarm: (atMs: number) => this.#setAlarm(node, atMs),
      later: (delayMs: number, work: () => Promise<void>) => this.#later(node, delayMs, work),
    };
    if (place === WHOLE) {
      const shard = (at: Place) => this.#shardPort(caller, this.node(sku, at));
      return wholeInstance(deps, { sku, alarmAtMs, shard });
    }
    const whole = () => faultyWhole(bug, this.#wholePort(caller, this.node(sku, WHOLE)));
    const transfersOf = faultyTransfers(bug, place);
    return shardInstance(deps, { place, alarmAtMs, whole, ...(transfersOf && { transfersOf }) });
  }

  #shardPort(caller: Caller, node: StockNode): ShardPort {
    const { wire } = this.#parts;
    return {
      lend: (request) =>
        wire.call(caller, "lend", () => this.enter(node, (shard) => shard.lend(request))),
      adopt: (terms) =>
        wire.call(caller, "adopt", () => this.enter(node, (shard) => shard.adopt(terms))),
      knows: (holdId) =>
        wire.call(caller, "knows", () => this.enter(node, (shard) => shard.knows(holdId))),
      unitsOf: (buyer, sinceMs) =>
        wire.call(caller, "units_of", () =>
          this.enter(node, (shard) => shard.unitsOf(buyer, sinceMs)),
        ),
      inspect: () =>
        wire.call(caller, "inspect", () => this.enter(node, (shard) => shard.inspect())),
      movementsOf: (sale) =>
        wire.call(caller, "movements", () => this.enter(node, (shard) => shard.movementsOf(sale))),
    };
  }

  #wholePort(caller: Caller, node: StockNode): WholePort {
    const { wire } = this.#parts;
    return {
      supply: (request) =>
        wire.call(caller, "supply", () => this.enter(node, (whole) => whole.supply(request))),
      consult: (question) =>
        wire.call(caller, "consult", () => this.enter(node, (whole) => whole.consult(question))),
      report: (place, report, holds) =>
        wire.call(caller, "report", () =>
          this.enter(node, (whole) => whole.report(place, report, holds)),
        ),
    };
  }

  /** A timer dies with its object. */
  #later(node: StockNode, delayMs: number, work: () => Promise<void>): void {
    const { timeline, random, thrown } = this.#parts;
    const { generation } = node;
    const failed = (error: unknown) => {
      if (!weatherBehind(error)) thrown(`timer of ${node.sku} ${node.place}`, error);
    };
    timeline.after(delayMs + random.between(0, this.#latestMs(node)), () => {
      if (node.generation === generation) this.#inside(node, work).catch(failed);
    });
  }

  /** A busy machine's alarms and timers are never quite in time; fewer of them also run a world faster. */
  #latestMs({ sku }: StockNode): number {
    return this.#split.has(sku) ? SPLIT_ALARM_LATE_MS_MAX : ALARM_LATE_MS_MAX;
  }

  #setAlarm(node: StockNode, atMs: number): void {
    const { timeline, wire, random } = this.#parts;
    node.alarmAtMs = atMs;
    const isLate = wire.strikes("F19 stock alarm late", 0.01);
    const lateMs =
      random.between(0, this.#latestMs(node)) + (isLate ? random.between(2_000, 20_000) : 0);
    timeline.after(atMs - timeline.nowMs - node.skewMs() + lateMs, () => {
      if (node.alarmAtMs === atMs) void this.#alarm(node);
    });
  }

  /** The runtime brings an alarm again that failed. */
  async #alarm(node: StockNode): Promise<void> {
    node.alarmAtMs = undefined;
    const info = { retryCount: node.alarmsFailed, isRetry: node.alarmsFailed > 0 };
    try {
      const instance = this.#instance(node);
      await this.#inside(node, () => instance.alarm(info as AlarmInvocationInfo));
      node.alarmsFailed = 0;
    } catch (error) {
      if (!weatherBehind(error)) this.#parts.thrown(`alarm of ${node.sku} ${node.place}`, error);
      node.alarmsFailed += 1;
      const { timeline } = this.#parts;
      if (node.alarmAtMs === undefined) {
        this.#setAlarm(node, timeline.nowMs + node.skewMs() + ALARM_AGAIN_MS);
      }
    }
  }
}

/** An object that was only ever asked about keeps nothing. */
export function hasStock(node: StockNode): boolean {
  node.hasStock ||= tables(node.storage).has("stock");
  return node.hasStock;
}
