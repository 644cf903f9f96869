import { Problem } from "../http/problem.ts";
import type { RateLimited } from "./take-tries.ts";

/**
 * 429 with `Retry-After` and the fields of draft-ietf-httpapi-ratelimit-headers: `q` is the policy's
 * budget, `w` the seconds in which it comes back, `r` what is left of it, `t` seconds until there is more.
 */
export function rateLimited(
  refused: RateLimited,
  extensions: Record<string, unknown> = {},
): Problem {
  const { policy, tries, windowMs, retryAfterMs } = refused;
  const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return new Problem("rate-limited", extensions, {
    "Retry-After": seconds,
    RateLimit: `"${policy}";r=0;t=${seconds}`,
    "RateLimit-Policy": `"${policy}";q=${tries};w=${Math.ceil(windowMs / 1_000)}`,
  });
}
