import { Blocks, type Visitor } from "./blocks.ts";
import type { Fact, FeedDelta } from "./facts.ts";

/** The newest purge of a tag: where in the feed, and when. */
export type Purge = { sequence: number; atMs: number };

const PURGES_MAX = 50_000;

/**
 * What one isolate knows of the feed, compactly: lookups touch no network. It forgets purges only by
 * raising `floor`, below which nothing that was stored counts as valid; so its bounded memory can
 * cost a render, never show what was purged.
 */
export class EdgeView {
  #position = 0;
  #generation: string | undefined;
  #isWhole = false;
  #floor = 0;
  #newestPurge = 0;
  #purgedAll: Purge | undefined;
  /** In the order of their sequences, because a tag purged again moves to the end. */
  readonly #purges = new Map<string, Purge>();
  readonly #revoked = new Map<string, { data: string; untilMs: number }>();
  readonly #blocks = new Blocks();
  readonly #flags = new Map<string, { data: string; untilMs: number }>();
  readonly #purgesMax: number;

  constructor(purgesMax = PURGES_MAX) {
    this.#purgesMax = purgesMax;
  }

  /** Everything up to this sequence is known here. */
  get position(): number {
    return this.#position;
  }

  /** Whose facts these are: nothing that another storage of the feed says can be added to them. */
  get generation(): string | undefined {
    return this.#generation;
  }

  /** False while tokens may have been revoked that the feed, which is new, was not told of yet. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** What was stored at an earlier position may have been purged since, for all that is known. */
  get floor(): number {
    return Math.max(this.#floor, this.#purgedAll?.sequence ?? 0);
  }

  /** What was stored at this position or later cannot have been purged, whatever its tags. */
  get newestPurge(): number {
    return Math.max(this.#newestPurge, this.floor);
  }

  /** The newest purge of everything, for telling how long something has been invalid. */
  get purgedAll(): Purge | undefined {
    return this.#purgedAll;
  }

  get purgeCount(): number {
    return this.#purges.size;
  }

  purgeOf(tag: string): Purge | undefined {
    return this.#purges.get(tag);
  }

  /** What was said with a revocation, empty where nothing was; undefined for what is not revoked. */
  revocation(value: string, nowMs: number): string | undefined {
    const revoked = this.#revoked.get(value);
    return revoked && revoked.untilMs > nowMs ? revoked.data : undefined;
  }

  /** Whether anybody is blocked at all: for the hot path, which then need not look at who is asking. */
  get hasBlocks(): boolean {
    return !this.#blocks.isEmpty;
  }

  isBlocked(visitor: Visitor, nowMs: number): boolean {
    return this.#blocks.has(visitor, nowMs);
  }

  flag(name: string, nowMs: number): string | undefined {
    const flag = this.#flags.get(name);
    return flag && flag.untilMs > nowMs ? flag.data : undefined;
  }

  /** Adds what was missed. Facts that are known already are passed over, so polls may overlap. */
  apply({ position, floor, facts, generation = "", isWhole = true }: FeedDelta): void {
    this.#generation = generation;
    this.#isWhole = isWhole;
    for (const fact of facts) {
      if (fact.sequence <= this.#position) continue;
      this.#position = fact.sequence;
      this.#add(fact);
    }
    this.#position = Math.max(this.#position, position);
    this.#floor = Math.max(this.#floor, floor);
    this.#forget();
  }

  #add({ kind, value, data = "", untilMs = Number.POSITIVE_INFINITY, sequence, atMs }: Fact): void {
    switch (kind) {
      case "purge":
        this.#purges.delete(value);
        this.#purges.set(value, { sequence, atMs });
        this.#newestPurge = sequence;
        return;
      case "purge_all":
        this.#purgedAll = { sequence, atMs };
        return;
      case "revoke":
        this.#revoked.set(value, { data, untilMs });
        return;
      case "unrevoke":
        this.#revoked.delete(value);
        return;
      case "block":
        this.#blocks.set(value, untilMs);
        return;
      case "unblock":
        this.#blocks.delete(value);
        return;
      case "flag":
        this.#flags.set(value, { data, untilMs });
        return;
      case "unflag":
        this.#flags.delete(value);
        return;
    }
  }

  #forget(): void {
    for (const [tag, { sequence }] of this.#purges) {
      if (this.#purges.size > this.#purgesMax) this.#floor = Math.max(this.#floor, sequence);
      else if (sequence > this.floor) return;
      this.#purges.delete(tag);
    }
  }
}
