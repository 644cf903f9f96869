/** At most `burst` at once, and one more each `tokenMs`. */
export type BucketLimit = { burst: number; tokenMs: number };
/** When a bucket will be full again, if nobody takes from it. */
export type Bucket = { fullAtMs: number };

/** Takes one token from a bucket that fills steadily; or says how long until there is one. */
export function takeToken(
  bucket: Bucket | undefined,
  { burst, tokenMs }: BucketLimit,
  nowMs: number,
): { ok: true; bucket: Bucket; left: number } | { ok: false; retryAfterMs: number } {
  // Never emptier than empty, though the clock may have jumped back.
  const missingMs = Math.min(Math.max((bucket?.fullAtMs ?? 0) - nowMs, 0), burst * tokenMs);
  const overMs = missingMs - (burst - 1) * tokenMs;
  if (overMs > 0) return { ok: false, retryAfterMs: Math.ceil(overMs) };
  const left = Math.max(0, Math.floor(burst - missingMs / tokenMs - 1));
  return { ok: true, bucket: { fullAtMs: nowMs + missingMs + tokenMs }, left };
}

/** Puts a token back that was taken for nothing. A bucket is never fuller than full. */
export const returnToken = (
  bucket: Bucket | undefined,
  { tokenMs }: BucketLimit,
): Bucket | undefined => bucket && { fullAtMs: bucket.fullAtMs - tokenMs };
