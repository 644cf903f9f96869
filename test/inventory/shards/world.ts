import { placeInName, WHOLE } from "../../../src/inventory/shards/layout.ts";
import type { SkuStock } from "../../../src/inventory/sku-stock.ts";
import type { InventoryEnv } from "../../../src/inventory/stub.ts";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";
import { assert } from "../../../src/shared/assert.ts";
import type { Sku } from "../../../src/shared/ids.ts";
import { ObjectStorage } from "../../faults/simulation/object-storage.ts";
import {
  type StockInstance as Instance,
  shardInstance,
  storageWhile,
  wholeInstance,
} from "../../faults/simulation/stock-instances.ts";

type Node = {
  name: string;
  storage: ObjectStorage;
  instance: Instance | undefined;
  generation: number;
  alarmAtMs: number | undefined;
  /** What the object means to do later. Unlike its alarm, it dies with it. */
  timers: { atMs: number; work: () => Promise<void> }[];
  /** Calls that are inside the object: a crash ends them for whoever waits. */
  inside: Set<(error: unknown) => void>;
};
export type Faults = { lostRequests: number; lostAnswers: number; copies: number; crashes: number };
export const CALM: Faults = { lostRequests: 0, lostAnswers: 0, copies: 0, crashes: 0 };

/** Far more than any script needs: who reaches it goes round in circles. */
const STEPS_MAX = 30_000;
let worlds = 0;

/** When the object next does something by itself. */
const dueMs = ({ alarmAtMs = Number.POSITIVE_INFINITY, timers }: Node): number =>
  Math.min(alarmAtMs, ...timers.map(({ atMs }) => atMs));

/**
 * One SKU's real stock objects in plain Node, with a network and a clock that a seed decides: any message
 * may be late, lost, answered to nobody, or arrive twice; any object may die between two of its steps.
 */
export class World {
  readonly sku = `W-${++worlds}` as Sku;
  readonly nodes = new Map<string, Node>();
  readonly env: InventoryEnv;
  readonly meter = new Meter();
  nowMs = 1_000_000;
  faults: Faults = CALM;
  readonly #ready: (() => void)[] = [];
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    const namespace = (self: string) => ({
      getByName: (name: string) => this.#stub(undefined, self === WHOLE ? this.sku : name),
    });
    this.env = {
      SKU_STOCK: namespace(WHOLE),
      SKU_SHARD: namespace("shard"),
    } as unknown as InventoryEnv;
  }

  /** Lets everything that is under way go on, one thing at a time in an order that the seed picks. */
  async drain(onStep: () => void = () => {}): Promise<void> {
    for (let steps = 0; ; steps += 1) {
      assert(steps < STEPS_MAX, "the objects never come to rest");
      await new Promise((flushed) => setImmediate(flushed));
      if (this.#ready.length === 0) return;
      if (this.#random() < this.faults.crashes) this.crash(this.#pick([...this.nodes.keys()]));
      const [next] = this.#ready.splice(Math.floor(this.#random() * this.#ready.length), 1);
      this.nowMs += 1;
      next?.();
      onStep();
    }
  }

  /** Runs every alarm and every timer that is due by then. */
  async passTime(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const due = [...this.nodes.values()]
        .filter((node) => dueMs(node) <= untilMs)
        .sort((a, b) => dueMs(a) - dueMs(b))[0];
      if (!due) break;
      this.nowMs = Math.max(this.nowMs, dueMs(due));
      const [timer] = due.timers.sort((a, b) => a.atMs - b.atMs);
      if (timer && timer.atMs <= this.nowMs) {
        due.timers.shift();
        this.#enter(due, timer.work).catch(() => {});
        await this.drain();
        continue;
      }
      const dueAtMs = due.alarmAtMs!;
      due.alarmAtMs = undefined;
      // The runtime brings an alarm again that failed.
      const failed = () => {
        due.alarmAtMs ??= dueAtMs + 2_000;
      };
      this.#enter(due, (instance) => instance.alarm()).catch(failed);
      await this.drain();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  crash(name: string): void {
    const node = this.nodes.get(name);
    if (!node) return;
    node.instance = undefined;
    node.timers = [];
    node.generation += 1;
    for (const fail of [...node.inside]) fail(new DependencyDown("object"));
    node.inside.clear();
  }

  /** What all ledgers hold, read beside the objects. */
  rows<T>(query: string): (T & { node: string })[] {
    return [...this.nodes.values()].flatMap(({ name, storage }) => {
      const known = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").toArray();
      if (known.length === 0) return [];
      const rows = storage.sql.exec(query).toArray() as unknown as T[];
      return rows.map((row) => ({ ...row, node: name }));
    });
  }

  whole(): SkuStock {
    return this.#instance(this.#node(this.sku)).target as SkuStock;
  }

  close(): void {
    for (const { storage } of this.nodes.values()) storage.close();
  }

  #stub(from: { node: Node; generation: number } | undefined, name: string): never {
    const call =
      (method: string) =>
      (...args: unknown[]) => {
        if (from && from.node.generation !== from.generation)
          throw new Error("a dead object spoke");
        return this.#message(name, (target) => target[method]!(...args));
      };
    return new Proxy({}, { get: (_, method) => call(String(method)) }) as never;
  }

  async #message(
    name: string,
    run: (target: Record<string, (...args: unknown[]) => unknown>) => unknown,
  ): Promise<unknown> {
    const arrive = () => this.#enter(this.#node(name), async ({ target }) => run(target as never));
    await this.#pause();
    if (this.#random() < this.faults.copies) {
      void this.#later(arrive);
    }
    if (this.#random() < this.faults.lostRequests) throw new DependencyDown("object");
    const answer = await arrive();
    await this.#pause();
    if (this.#random() < this.faults.lostAnswers) throw new DependencyDown("object");
    return structuredClone(answer);
  }

  /** A copy of a message that was held up somewhere. */
  async #later(arrive: () => Promise<unknown>): Promise<void> {
    for (let n = 0; n < 40; n += 1) await this.#pause();
    await arrive().catch(() => {});
  }

  #enter<T>(node: Node, run: (instance: Instance) => Promise<T>): Promise<T> {
    return new Promise<T>((settle, fail) => {
      node.inside.add(fail);
      const done = () => node.inside.delete(fail);
      run(this.#instance(node)).then(settle, fail).finally(done);
    });
  }

  #pause(): Promise<void> {
    return new Promise((resume) => this.#ready.push(resume));
  }

  #node(name: string): Node {
    const known = this.nodes.get(name);
    if (known) return known;
    const node: Node = {
      name,
      storage: new ObjectStorage(),
      instance: undefined,
      generation: 0,
      alarmAtMs: undefined,
      timers: [],
      inside: new Set(),
    };
    this.nodes.set(name, node);
    return node;
  }

  #instance(node: Node): Instance {
    node.instance ??= node.name === this.sku ? this.#makeWhole(node) : this.#makeShard(node);
    return node.instance;
  }

  #makeWhole(node: Node): Instance {
    const from = { node, generation: node.generation };
    const { sku } = this;
    const shard = (place: string) => this.#stub(from, `${sku} ${place}`);
    return wholeInstance(this.#depsOf(node), { sku, alarmAtMs: node.alarmAtMs, shard });
  }

  #makeShard(node: Node): Instance {
    const from = { node, generation: node.generation };
    const { place } = placeInName(node.name);
    const whole = () => this.#stub(from, this.sku);
    return shardInstance(this.#depsOf(node), { place, alarmAtMs: node.alarmAtMs, whole });
  }

  #depsOf(node: Node) {
    const { generation } = node;
    const isAlive = () => node.generation === generation;
    return {
      storage: storageWhile(node.storage, isAlive),
      nowMs: () => this.nowMs,
      setAlarm: (atMs: number) => {
        assert(isAlive(), "a dead object set its alarm");
        node.alarmAtMs = atMs;
      },
      later: (delayMs: number, work: () => Promise<void>) => {
        assert(isAlive(), "a dead object set a timer");
        node.timers.push({ atMs: this.nowMs + delayMs, work });
      },
    };
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }

  /** mulberry32 */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  }
}
