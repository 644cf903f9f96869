/** The Workers Cache's own limits, the same on every plan: 5 purges a minute, 25 saved up, 100 tags each. */
export const FORWARD_LIMIT: Limit = { perMinute: 5, burst: 25 };
/** Operators' purges. One call may name a thousand tags, so this bounds mistakes and floods, not work. */
export const OPERATOR_LIMIT: Limit = { perMinute: 60, burst: 30 };
export const FORWARD_TAGS_MAX = 100;

export type Limit = { perMinute: number; burst: number };
export type Bucket = { tokens: number; atMs: number };

const MINUTE_MS = 60_000;

/** Takes one token from a bucket that fills steadily; or says how long until there is one. */
export function takeToken(
  bucket: Bucket | undefined,
  { perMinute, burst }: Limit,
  nowMs: number,
): { ok: true; bucket: Bucket } | { ok: false; retryAfterMs: number } {
  const { tokens, atMs } = bucket ?? { tokens: burst, atMs: nowMs };
  const filledMs = Math.max(nowMs - atMs, 0);
  const now = Math.min(tokens + (filledMs * perMinute) / MINUTE_MS, burst);
  if (now >= 1) return { ok: true, bucket: { tokens: now - 1, atMs: Math.max(nowMs, atMs) } };
  return { ok: false, retryAfterMs: Math.ceil(((1 - now) * MINUTE_MS) / perMinute) };
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
