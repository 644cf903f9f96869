import { type Clock, systemClock } from "../../shared/clock.ts";

/** A request that the runtime dropped never leaves by itself. */
const FORGOTTEN_AFTER_MS = 5_000;

/**
 * Lets a bounded number of requests of one isolate into work that takes its whole thread, such as a
 * hash. They run one after another, so memory is bounded by one of them; the bound on how many are
 * inside keeps everything else answering. It waits for no other request, since the runtime may drop any.
 */
export class WorkGate {
  readonly #insideMax: number;
  readonly #clock: Clock;
  readonly #inside = new Map<symbol, number>();

  constructor(insideMax: number, clock: Clock = systemClock) {
    this.#insideMax = insideMax;
    this.#clock = clock;
  }

  /** The work's result, or `busy` at once where too many are inside already. */
  async run<T>(work: () => Promise<T>): Promise<T | "busy"> {
    const nowMs = this.#clock.nowMs();
    for (const [ticket, sinceMs] of this.#inside) {
      if (nowMs - sinceMs > FORGOTTEN_AFTER_MS) this.#inside.delete(ticket);
    }
    if (this.#inside.size >= this.#insideMax) return "busy";
    const ticket = Symbol("work");
    this.#inside.set(ticket, nowMs);
    try {
      // Steps aside once: who has arrived meanwhile is counted, and pages are served in between.
      await new Promise((resolve) => setTimeout(resolve, 0));
      return await work();
    } finally {
      this.#inside.delete(ticket);
    }
  }
}
