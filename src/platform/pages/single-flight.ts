import { withinMs } from "../within-ms.ts";

/** Beyond this age a flight counts as lost: the runtime may have dropped the request that flew it. */
const FLIGHT_AGE_MAX_MS = 3_000;

type Flight<T> = { result: Promise<T>; startedAtMs: number };

/** Collapses work on the same key inside one isolate: one does it, the others wait for its outcome. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  get size(): number {
    return this.#flights.size;
  }

  /** The running flight's outcome, or `"lost"` when it takes too long; undefined when nobody flies. */
  join(key: string, nowMs: number): Promise<T | "lost"> | undefined {
    const flight = this.#flights.get(key);
    if (!flight) return undefined;
    const leftMs = flight.startedAtMs + FLIGHT_AGE_MAX_MS - nowMs;
    return leftMs > 0 ? withinMs(flight.result, leftMs, "lost") : undefined;
  }

  /** Flies. Give the promise to `waitUntil` too, so that a client that goes away does not end it. */
  lead(key: string, nowMs: number, work: () => Promise<T>): Promise<T> {
    const result = work().finally(() => {
      if (this.#flights.get(key)?.result === result) this.#flights.delete(key);
    });
    this.#flights.set(key, { result, startedAtMs: nowMs });
    return result;
  }
}
