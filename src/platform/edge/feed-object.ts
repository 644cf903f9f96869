import { DurableObject } from "cloudflare:workers";
import { assert } from "../../shared/assert.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { takeToken } from "../../shared/token-bucket.ts";
import { migrate } from "../objects/migrate.ts";
import { logError } from "../telemetry/log.ts";
import {
  type AppendError,
  type Appended,
  EDGE_MAX_AGE_MS,
  FACTS_PER_APPEND_MAX,
  type Fact,
  type FactKind,
  type FeedDelta,
  factFault,
  isStanding,
  type NewFact,
  type StandingKind,
  TOPICS,
  UNDOING,
} from "./facts.ts";
import { FEED_MIGRATIONS, FeedStore } from "./feed-store.ts";
import {
  FORWARD_LIMIT,
  FORWARD_TAGS_MAX,
  FORWARDS_PER_MINUTE,
  type Forward,
  OPERATOR_LIMIT,
  planForward,
} from "./forward.ts";

/** Pages live for an hour at most, so an older purge has nothing left to invalidate. */
const FACTS_KEPT_MS = 60 * 60 * 1000;
const PURGES_KEPT_MAX = 50_000;
const STANDING_MAX = 20_000;
const FACTS_PER_READ_MAX = 10_000;
const BATCH_ID_LENGTH_MAX = 200;
/** How long whoever restores may take before somebody else may try. */
const RESTORE_MS = 5_000;
/** The runtime drops an alarm after its sixth failed retry. */
const ALARM_RETRIES_TRUSTED = 5;
const ALARM_REST_MS = 60_000;

export type ReadOptions = {
  limit?: number;
  /** Of the storage that told the reader what it knows. */
  generation?: string | undefined;
};

export type AppendOptions = {
  /** Repeating an append under its id appends nothing: an outbox may send it again for an hour. */
  batchId?: string;
  /** Counts against the operators' limit. */
  byOperator?: boolean;
};

/**
 * The edge feed: one log of facts that every isolate reads within `EDGE_MAX_AGE_MS`. There is one
 * such object. Every method is synchronous, so an append is seen whole or not at all.
 */
export class EdgeFeedObject extends DurableObject<Env> {
  readonly #store = new FeedStore(this.ctx.storage.sql);
  /** In memory, so that the poll that finds nothing new, nearly every one, reads no row. */
  #position: number;
  #floor: number;
  #generation: string;
  #isWhole: boolean;
  #restoringUntilMs = Number.NEGATIVE_INFINITY;
  #alarmAtMs: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, FEED_MIGRATIONS);
    this.#store.open(Date.now(), crypto.randomUUID());
    const head = this.#store.head();
    ({ position: this.#position, floor: this.#floor } = head);
    ({ generation: this.#generation, isWhole: this.#isWhole } = head);
    // Remembered so that an append can set its alarm without an await: both are then one write.
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAtMs = (await ctx.storage.getAlarm()) ?? undefined;
    });
  }

  /** Appends facts as one write. The answer's `effectiveByMs` is this object's clock plus a view's age. */
  append(facts: readonly NewFact[], options: AppendOptions = {}): Result<Appended, AppendError> {
    const { batchId, byOperator = false } = options;
    assert(facts.length > 0 && facts.length <= FACTS_PER_APPEND_MAX, "an append of a wrong size");
    assert((batchId?.length ?? 0) <= BATCH_ID_LENGTH_MAX, "a batch id that is too long");
    for (const fact of facts) {
      const fault = factFault(fact);
      assert(fault === undefined, `a fact that is ${fault}`);
    }
    const nowMs = Date.now();
    const earlier = batchId === undefined ? undefined : this.#store.positionOfBatch(batchId);
    // Later than the first time, but never too early; and the caller need not know it is a repeat.
    if (earlier !== undefined) return ok(appended(earlier, nowMs));

    const full = this.#fullKind(facts);
    if (full) return err({ code: "feed_full", kind: full });
    if (byOperator) {
      const taken = this.#take("operators", nowMs);
      if (!taken.ok) return err({ code: "too_many_requests", retryAfterMs: taken.retryAfterMs });
    }
    this.ctx.storage.transactionSync(() => this.#write(facts, batchId, nowMs));
    ({ position: this.#position, floor: this.#floor } = this.#store.head());
    this.#armAlarm();
    return ok(appended(this.#position, nowMs));
  }

  /**
   * What a reader at `position` has not seen. A reader behind `floor`, or of another `generation`, has to
   * start again from 0. One that is ahead of the very storage that told it proves that the storage went back.
   */
  since(position: number, { limit = FACTS_PER_READ_MAX, generation }: ReadOptions = {}): FeedDelta {
    if (generation === this.#generation && position > this.#position) this.#renewGeneration();
    const head = {
      position: this.#position,
      floor: this.#floor,
      generation: this.#generation,
      isWhole: this.#isWhole,
    };
    if (position >= this.#position) return { ...head, facts: [], more: false };
    const wanted = Math.min(Math.max(limit, 1), FACTS_PER_READ_MAX);
    const facts = this.#store.after(position, wanted + 1);
    if (facts.length <= wanted) return { ...head, facts, more: false };
    facts.pop();
    return { ...head, position: facts.at(-1)!.sequence, facts, more: true };
  }

  /**
   * For whoever keeps the truth about revocations: the generation that has to be told them, or undefined
   * where there is none, or somebody is at it. Then `append`, then `endRestore`.
   */
  beginRestore(): string | undefined {
    const nowMs = Date.now();
    if (this.#isWhole || nowMs < this.#restoringUntilMs) return undefined;
    this.#restoringUntilMs = nowMs + RESTORE_MS;
    return this.#generation;
  }

  /** Says that all of them were told; false if what was told is lost again. */
  endRestore(generation: string): boolean {
    if (generation !== this.#generation) return false;
    this.#store.setGeneration(generation, { isWhole: true });
    this.#isWhole = true;
    return true;
  }

  /** All that stands of a kind, at most `STANDING_MAX`: for whoever keeps the truth of it elsewhere. */
  standing(kind: StandingKind): Fact[] {
    return this.#store.standing(kind);
  }

  /**
   * Undoes facts that are still the ones that were read: what was said anew since then stands. Answers
   * how many it undid.
   */
  retract(kind: StandingKind, read: readonly Pick<Fact, "value" | "sequence">[]): number {
    const now = new Map(this.#store.standing(kind).map(({ value, sequence }) => [value, sequence]));
    const same = read.filter(({ value, sequence }) => now.get(value) === sequence);
    const facts = same.map(({ value }): NewFact => ({ kind: UNDOING[kind], value }));
    for (let from = 0; from < facts.length; from += FACTS_PER_APPEND_MAX) {
      this.append(facts.slice(from, from + FACTS_PER_APPEND_MAX));
    }
    return facts.length;
  }

  /**
   * Hands out the next call to the platform's own cache, to whichever isolate asks first. It is handed
   * out once: what gets lost on the way ends with that cache's short time to live.
   */
  takeForward(): { forward: Forward | undefined; waiting: boolean } {
    const { forwarded } = this.#store.head();
    const limit = FORWARD_TAGS_MAX * FORWARDS_PER_MINUTE + 1;
    const plan = planForward(this.#store.purgesAfter(forwarded, limit));
    if (!plan) return { forward: undefined, waiting: false };
    if (!this.#take("forward", Date.now()).ok) return { forward: undefined, waiting: true };
    const isAll = "purgeEverything" in plan.forward;
    this.#store.setForwarded(isAll ? this.#position : plan.upTo);
    return { forward: plan.forward, waiting: !isAll && plan.upTo < this.#position };
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarmAtMs = undefined;
    try {
      this.#forget(Date.now());
    } catch (error) {
      if ((info?.retryCount ?? 0) < ALARM_RETRIES_TRUSTED) throw error;
      logError("edge_feed.not_truncated", error);
      await this.ctx.storage.setAlarm(Date.now() + ALARM_REST_MS);
      return;
    }
    this.#armAlarm();
  }

  #renewGeneration(): void {
    this.#generation = crypto.randomUUID();
    this.#isWhole = false;
    this.#restoringUntilMs = Number.NEGATIVE_INFINITY;
    this.#store.setGeneration(this.#generation, { isWhole: false });
  }

  #write(facts: readonly NewFact[], batchId: string | undefined, nowMs: number): void {
    // Not behind the time, so that a feed restored from a backup never gives out a position again.
    const first = Math.max(this.#position + 1, nowMs);
    this.#store.insert(facts, first, nowMs);
    const all = facts.findLastIndex(({ kind }) => kind === "purge_all");
    if (all >= 0) this.#store.dropPurgesBelow(first + all);
    this.#store.truncate(nowMs - FACTS_KEPT_MS, PURGES_KEPT_MAX);
    if (batchId !== undefined) {
      this.#store.recordBatch(batchId, first + facts.length - 1, nowMs);
    }
  }

  #forget(nowMs: number): void {
    this.ctx.storage.transactionSync(() => {
      this.#store.truncate(nowMs - FACTS_KEPT_MS, PURGES_KEPT_MAX);
      this.#store.dropEnded(nowMs);
      this.#store.dropBatches(nowMs - FACTS_KEPT_MS);
    });
    this.#floor = this.#store.head().floor;
  }

  /** Blocks, revocations and flags stay until they end, so their number has a bound of its own. */
  #fullKind(facts: readonly NewFact[]): FactKind | undefined {
    const added = new Map<FactKind, number>();
    for (const { kind } of facts) {
      if (isStanding(kind)) added.set(kind, (added.get(kind) ?? 0) + 1);
    }
    for (const [kind, count] of added) {
      if (this.#store.count(TOPICS[kind]) + count > STANDING_MAX) return kind;
    }
    return undefined;
  }

  #take(name: "operators" | "forward", nowMs: number) {
    const limit = name === "forward" ? FORWARD_LIMIT : OPERATOR_LIMIT;
    const taken = takeToken(this.#store.bucket(name), limit, nowMs);
    if (taken.ok) this.#store.setBucket(name, taken.bucket);
    return taken;
  }

  #armAlarm(): void {
    const dueMs = this.#store.nextDueMs(FACTS_KEPT_MS);
    if (dueMs === undefined || (this.#alarmAtMs !== undefined && this.#alarmAtMs <= dueMs)) return;
    this.#alarmAtMs = dueMs;
    void this.ctx.storage.setAlarm(dueMs);
  }
}

const appended = (position: number, nowMs: number): Appended => ({
  position,
  effectiveByMs: nowMs + EDGE_MAX_AGE_MS,
});
