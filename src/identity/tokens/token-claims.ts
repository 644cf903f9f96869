import { z } from "zod";
import { SIGN_IN_METHODS } from "../../platform/http/shopper.ts";
import { SessionId, UserId } from "../../shared/ids.ts";

/** How far two clocks may be apart, seconds. */
export const LEEWAY_SECONDS = 10;

const instant = z.int().min(0);
const Registered = z.object({
  iss: z.string(),
  aud: z.string(),
  iat: instant,
  nbf: instant,
  exp: instant,
});
export type Registered = z.infer<typeof Registered>;

export const AccessClaims = Registered.extend({
  sub: UserId,
  sid: SessionId,
  /** The user's epoch when the token was made: a revocation of the user ends all earlier ones. */
  epoch: z.int().min(0),
  auth_time: instant,
  amr: z.array(z.enum(SIGN_IN_METHODS)).min(1),
});
export type AccessClaims = z.infer<typeof AccessClaims>;

/** Of a token that is good for one step of one flow. `data` is that step's own. */
export const StepClaims = Registered.extend({
  sub: z.string().min(1),
  jti: z.string().min(16),
  data: z.record(z.string(), z.unknown()),
});
export type StepClaims = z.infer<typeof StepClaims>;

/** Whether a token speaks of this shop, for this use, now. Both edges of the leeway are inside. */
export function claimsHold(
  { iss, aud, iat, nbf, exp }: Registered,
  expected: { issuer: string; audience: string },
  nowMs: number,
): boolean {
  if (iss !== expected.issuer || aud !== expected.audience) return false;
  const nowSeconds = nowMs / 1_000;
  const earliest = nowSeconds + LEEWAY_SECONDS;
  return iat <= earliest && nbf <= earliest && nowSeconds <= exp + LEEWAY_SECONDS;
}
