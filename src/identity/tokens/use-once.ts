import type { Io } from "../../platform/io/io.ts";
import type { StepClaims } from "./token-claims.ts";
import { LEEWAY_SECONDS } from "./token-claims.ts";

/**
 * Whether this is the first use of a step's token. Kept for as long as the token could come again; nothing
 * is kept for tokens that never come back, so asking for many of them fills nothing.
 */
export async function useOnce(
  { redis, clock }: Pick<Io, "redis" | "clock">,
  { jti, exp }: Pick<StepClaims, "jti" | "exp">,
): Promise<boolean> {
  const leftSeconds = exp + LEEWAY_SECONDS - Math.floor(clock.nowMs() / 1_000);
  const ttlSeconds = Math.max(1, leftSeconds + LEEWAY_SECONDS);
  const kept = await redis("session", (client) =>
    client.set(`used-step:${jti}`, 1, { nx: true, ex: ttlSeconds }),
  );
  return kept === "OK";
}
