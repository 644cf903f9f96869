/** Injected wherever time decides something, so that tests and simulations own it. */
export type Clock = { nowMs(): number };

export const systemClock: Clock = { nowMs: () => Date.now() };

/** RFC 3339 UTC with milliseconds, the public form of every instant. */
export const timestamp = (atMs: number): string => new Date(atMs).toISOString();
