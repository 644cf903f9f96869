import type { BucketLimit } from "../../shared/token-bucket.ts";

const MINUTE_MS = 60_000;
export const FORWARDS_PER_MINUTE = 5;
/** The Workers Cache's own limits, the same on every plan: 5 purges a minute, 25 saved up, 100 tags each. */
export const FORWARD_LIMIT: BucketLimit = { burst: 25, tokenMs: MINUTE_MS / FORWARDS_PER_MINUTE };
/** Operators' purges. One call may name a thousand tags, so this bounds mistakes and floods, not work. */
export const OPERATOR_LIMIT: BucketLimit = { burst: 30, tokenMs: MINUTE_MS / 60 };
export const FORWARD_TAGS_MAX = 100;

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
  const isTooMuch = waiting.length > FORWARD_TAGS_MAX * FORWARDS_PER_MINUTE;
  if (isTooMuch || waiting.some(({ kind }) => kind === "purge_all")) {
    return { forward: { purgeEverything: true }, upTo: last.sequence };
  }
  const chosen = waiting.slice(0, FORWARD_TAGS_MAX);
  return {
    forward: { tags: chosen.map(({ value }) => value) },
    upTo: chosen.at(-1)!.sequence,
  };
}
