import type { Clock } from "../../shared/clock.ts";

/** So many passwords wait in one isolate at most, each for those before it: about half a second. */
const WAITING_MAX = 6;
/** A request that the runtime dropped never leaves by itself. */
const FORGOTTEN_AFTER_MS = 5_000;

/**
 * Lets a bounded number of hashes into an isolate. They run one after another, as each takes the whole
 * thread, so memory is bounded by one; the bound on those that wait keeps everything else answering.
 */
export class HashGate {
  readonly #clock: Clock;
  readonly #inside = new Map<symbol, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The hash's result, or `busy` at once where too many wait already. */
  async run<T>(hash: () => Promise<T>): Promise<T | "busy"> {
    const nowMs = this.#clock.nowMs();
    for (const [ticket, sinceMs] of this.#inside) {
      if (nowMs - sinceMs > FORGOTTEN_AFTER_MS) this.#inside.delete(ticket);
    }
    if (this.#inside.size >= WAITING_MAX) return "busy";
    const ticket = Symbol("hash");
    this.#inside.set(ticket, nowMs);
    try {
      // Steps aside once, so that requests which arrived meanwhile are seen, and pages are served between.
      await new Promise((resolve) => setTimeout(resolve, 0));
      return await hash();
    } finally {
      this.#inside.delete(ticket);
    }
  }
}
