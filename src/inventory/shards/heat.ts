const WINDOW_MS = 5_000;
/** One object makes some hundreds of holds a second; long before that it becomes slow for everybody. */
const HOT_HOLDS_PER_SECOND = 100;
/** Far below what heats, so that a SKU at the edge does not change back and forth. */
const WARM_HOLDS_PER_SECOND = 20;
const COOLS_AFTER_MS = 10 * 60_000;

/** How busy a SKU is, by the holds that are tried on it. In memory: who forgets it measures again. */
export class Heat {
  #windowStartMs: number;
  #holds = 0;
  #isHot = false;
  #warmAtMs: number;

  constructor(nowMs: number) {
    this.#windowStartMs = nowMs;
    this.#warmAtMs = nowMs;
  }

  note(holds: number, nowMs: number): void {
    this.#roll(nowMs);
    this.#holds += holds;
  }

  /** Whether the last whole window was busy enough to be split for. */
  isHot(nowMs: number): boolean {
    this.#roll(nowMs);
    return this.#isHot;
  }

  /** When it will have been quiet for long enough, if it stays quiet. */
  coolsAtMs(): number {
    return this.#warmAtMs + COOLS_AFTER_MS;
  }

  #roll(nowMs: number): void {
    const pastMs = nowMs - this.#windowStartMs;
    if (pastMs < WINDOW_MS) return;
    const perSecond = (this.#holds * 1_000) / pastMs;
    this.#isHot = perSecond >= HOT_HOLDS_PER_SECOND;
    if (perSecond >= WARM_HOLDS_PER_SECOND) this.#warmAtMs = nowMs;
    this.#holds = 0;
    this.#windowStartMs = nowMs;
  }
}
