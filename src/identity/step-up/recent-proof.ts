import type { Shopper, SignInMethod } from "../../platform/http/shopper.ts";
import type { SecondFactor } from "../second-factor-of.ts";

const RECENT_MS = 10 * 60_000;

/** Each by itself more than a password: something that only the owner has. */
const STRONG: readonly SignInMethod[] = ["totp", "recovery_code", "passkey"];

/** The methods, any of which must be shown first; none where what was proven is enough. */
export function lackingProofs(
  { authenticatedAtMs, methods }: Pick<Shopper, "authenticatedAtMs" | "methods">,
  factor: SecondFactor | undefined,
  nowMs: number,
): readonly SignInMethod[] {
  const isStrong = methods.some((method) => STRONG.includes(method));
  const isRecent = nowMs - authenticatedAtMs <= RECENT_MS;
  return isRecent && (isStrong || !factor) ? [] : raisingMethods(factor);
}

/** What raises a session: a password is not enough where a second factor is set. */
export const raisingMethods = (factor: SecondFactor | undefined): readonly SignInMethod[] =>
  factor ? [...factor.methods, "passkey"] : ["password", "passkey"];
