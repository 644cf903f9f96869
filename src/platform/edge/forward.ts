/** The Workers Cache's own limits, the same on every plan: 5 purges a minute, 25 saved up, 100 tags each. */
export const FORWARD_LIMIT: Limit = { perMinute: 5, burst: 25 };
/** Operators' purges. One call may name a thousand tags, so this bounds mistakes and floods, not work. */
export const OPERATOR_LIMIT: Limit = { perMinute: 60, burst: 30 };
export const FORWARD_TAGS_MAX = 100;

export type Limit = { perMinute: number; burst: number };
/** When a bucket will be full again, if nobody takes from it. */
export type Bucket = { fullAtMs: number };

const MINUTE_MS = 60_000;

/** Takes one token from a bucket that fills steadily; or says how long until there is one. */
export function takeToken(
  bucket: Bucket | undefined,
  { perMinute, burst }: Limit,
  nowMs: number,
): { ok: true; bucket: Bucket } | { ok: false; retryAfterMs: number } {
  const tokenMs = MINUTE_MS / perMinute;
  // Never emptier than empty, though the clock may have jumped back.
  const missingMs = Math.min(Math.max((bucket?.fullAtMs ?? 0) - nowMs, 0), burst * tokenMs);
  const overMs = missingMs - (burst - 1) * tokenMs;
  if (overMs > 0) return { ok: false, retryAfterMs: Math.ceil(overMs) };
  return { ok: true, bucket: { fullAtMs: nowMs + missingMs + tokenMs } };
}

/** One call's worth for the platform's cache. */
export type Forward = { tags: string[] } | { purgeEverything: true };

/**
 * What to send next, and how far that reaches in the feed. More tags than a minute's calls can carry
 * would arrive long after they matter, so then everything goes at once.
 */
export function planForward(
  waiting: readonly { sequence: number; kind: string; value: string }[],
): { forward: Forward; upTo: number } | undefined {
  const last = waiting.at(-1);
  if (!last) return undefined;
  const isTooMuch = waiting.length > FORWARD_TAGS_MAX * FORWARD_LIMIT.perMinute;
  if (isTooMuch || waiting.some(({ kind }) => kind === "purge_all")) {
    return { forward: { purgeEverything: true }, upTo: last.sequence };
  }
  const chosen = waiting.slice(0, FORWARD_TAGS_MAX);
  return {
    forward: { tags: chosen.map(({ value }) => value) },
    upTo: chosen.at(-1)!.sequence,
  };
}
