const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;
const SNAPSHOT_IDLE_MS = 30 * MINUTE_MS;
const GUEST_IDLE_MS = 7 * DAY_MS;
const USER_IDLE_MS = 30 * DAY_MS;
const RETRY_MS_MAX = 60 * MINUTE_MS;

/** What decides when something is due for a cart that nobody touches. */
export type Idleness = {
  version: number;
  lineCount: number;
  touchedAtMs: number;
  /** The version that Neon is known to have; null before the first. */
  snapshotVersion: number | null;
  /** Since the last success. One that is not known to have failed may have arrived. */
  snapshotAttempts: number;
  /** Set with each attempt: the next one comes no earlier. */
  snapshotRetryAtMs: number | null;
};

export const expiresAtMs = (touchedAtMs: number, ownerKind: "guest" | "user"): number =>
  touchedAtMs + (ownerKind === "user" ? USER_IDLE_MS : GUEST_IDLE_MS);

/** Whether Neon has, or may have, a row of this cart. */
export const mayHaveSnapshot = ({ snapshotVersion, snapshotAttempts }: Idleness): boolean =>
  snapshotVersion !== null || snapshotAttempts > 0;

/**
 * When the cart's snapshot is due; `undefined` when Neon needs none. An empty cart gets none, unless
 * an earlier one would go on saying that it is full.
 */
export function snapshotAtMs(cart: Idleness): number | undefined {
  if (cart.version === cart.snapshotVersion) return undefined;
  if (cart.lineCount === 0 && !mayHaveSnapshot(cart)) return undefined;
  return Math.max(cart.touchedAtMs + SNAPSHOT_IDLE_MS, cart.snapshotRetryAtMs ?? 0);
}

/** Doubles from one minute up to one hour: nobody waits for it. `attempts` starts at 1. */
export const retryDelayMs = (attempts: number): number =>
  Math.min(MINUTE_MS * 2 ** Math.min(attempts - 1, 10), RETRY_MS_MAX);
