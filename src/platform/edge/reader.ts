import { type Clock, systemClock } from "../../shared/clock.ts";
import { logError } from "../telemetry/log.ts";
import { withinMs } from "../within-ms.ts";
import { EDGE_GRACE_MS, EDGE_MAX_AGE_MS, type FeedDelta } from "./facts.ts";
import { EdgeView } from "./view.ts";

/**
 * `fresh`: every purge older than `EDGE_MAX_AGE_MS` is known. `grace`: the feed could not be reached
 * for longer, but not for `EDGE_GRACE_MS`. `blind`: nothing that was stored can be trusted.
 */
export type EdgeState = "fresh" | "grace" | "blind";

/** A busy isolate asks again at half the age, so that its requests never wait for an answer. */
const POLL_AFTER_MS = EDGE_MAX_AGE_MS / 2;
/** How long a request waits for a poll, its own or another's that may have been abandoned. */
const POLL_TIMEOUT_MS = 1_000;
/** After a failure nobody asks, nor waits, for this long. */
const POLL_REST_MS = 500;
const READS_PER_POLL_MAX = 50;

type Polling = { promise: Promise<void>; startedAtMs: number };
export type ReadFeed = (position: number, generation: string | undefined) => Promise<FeedDelta>;

/** One isolate's knowledge of the feed, and the only one who asks for more. Lives as long as the isolate. */
export class EdgeReader {
  readonly #clock: Clock;
  #view = new EdgeView();
  /** When the newest poll that succeeded was sent: what it did not bring may have happened after. */
  #knownAtMs = Number.NEGATIVE_INFINITY;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #polling: Polling | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  get view(): EdgeView {
    return this.#view;
  }

  /** How old the view is; infinite before the first answer. */
  ageMs(nowMs: number): number {
    return nowMs - this.#knownAtMs;
  }

  state(nowMs: number): EdgeState {
    const ageMs = this.ageMs(nowMs);
    if (ageMs < EDGE_MAX_AGE_MS) return "fresh";
    return ageMs <= EDGE_GRACE_MS ? "grace" : "blind";
  }

  /** Whether it is time to ask, and nobody is asking. For the hot path: costs two comparisons. */
  isDue(nowMs: number): boolean {
    return (
      nowMs - this.#knownAtMs >= POLL_AFTER_MS &&
      nowMs - this.#failedAtMs >= POLL_REST_MS &&
      !this.#isPolling(nowMs)
    );
  }

  /**
   * Asks the feed without anyone waiting. The promise never rejects; give it to `waitUntil`, so that
   * it outlives a client that goes away.
   */
  poll(read: ReadFeed): Promise<void> {
    const startedAtMs = this.#clock.nowMs();
    const promise = this.#catchUp(read)
      .then((view) => {
        // A poll that ran beside another's fresh start has brought its news to a view nobody reads.
        if (view === this.#view) this.#knownAtMs = Math.max(this.#knownAtMs, startedAtMs);
      })
      .catch((error: unknown) => {
        this.#failedAtMs = this.#clock.nowMs();
        logError("edge_feed.unreachable", error, { ageMs: finite(this.ageMs(startedAtMs)) });
      })
      .finally(() => {
        if (this.#polling?.promise === promise) this.#polling = undefined;
      });
    this.#polling = { promise, startedAtMs };
    return promise;
  }

  /** Whether waiting could help: the view is too old, and the feed has not just failed to answer. */
  mayRefresh(): boolean {
    const nowMs = this.#clock.nowMs();
    return this.state(nowMs) !== "fresh" && nowMs - this.#failedAtMs >= POLL_REST_MS;
  }

  /**
   * Waits for a fresh view, by one poll that all share; or no longer than `POLL_TIMEOUT_MS`, or not at
   * all right after a failure. What it became is `state`'s to say.
   */
  async refresh(read: ReadFeed, waitUntil: (work: Promise<unknown>) => void): Promise<void> {
    if (!this.mayRefresh()) return;
    const nowMs = this.#clock.nowMs();
    const shared = this.#isPolling(nowMs) ? this.#polling?.promise : undefined;
    if (shared) return withinMs(shared, POLL_TIMEOUT_MS, undefined);
    const own = this.poll(read);
    waitUntil(own);
    await withinMs(own, POLL_TIMEOUT_MS, undefined);
    // A feed that hangs must not make each request wait for it anew.
    if (this.#polling?.promise === own) this.#failedAtMs = this.#clock.nowMs();
  }

  /** A promise of another request settles never, once the runtime has dropped that request. */
  #isPolling(nowMs: number): boolean {
    return this.#polling !== undefined && nowMs - this.#polling.startedAtMs < POLL_TIMEOUT_MS;
  }

  async #catchUp(read: ReadFeed): Promise<EdgeView> {
    let view = this.#view;
    let isNew = view.position === 0;
    for (let reads = 0; reads < READS_PER_POLL_MAX; reads += 1) {
      const { position, generation } = view;
      const delta = await read(position, generation);
      // Another generation lost its storage, and counts from anywhere. Behind the floor something was
      // forgotten that this view still holds. Either way everything is learned again.
      const isOther = generation !== undefined && generation !== (delta.generation ?? "");
      if (isOther || (!isNew && (delta.floor > position || delta.position < position))) {
        view = new EdgeView();
        isNew = true;
        continue;
      }
      view.apply(delta);
      if (delta.more) continue;
      if (isNew) this.#view = view;
      return view;
    }
    throw new Error(`the edge feed has more after ${READS_PER_POLL_MAX} reads`);
  }
}

const finite = (ms: number) => (Number.isFinite(ms) ? ms : null);
