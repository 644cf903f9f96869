import type { Io } from "../platform/io/io.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { ok, type Result } from "../shared/result.ts";
import type { SecondFactorNeeded, SessionTokens } from "./model.ts";
import type { SecondFactor } from "./second-factor-of.ts";
import { openSession, type ProvenUser } from "./sessions/open-session.ts";
import { type Step, tokenDesk } from "./tokens/token-desk.ts";

/** The step between a first proof and the second factor. Its token opens nothing else. */
export const TWO_FACTOR_STEP: Step = { name: "two-factor", ttlSeconds: 5 * 60 };

/**
 * After a first proof, by whatever means: a session, or the question for the second factor where one is
 * set. There is no other way from a first proof to a session.
 */
export async function continueSignIn(
  io: Io,
  proven: ProvenUser,
  factor: SecondFactor | undefined,
): Promise<Result<SessionTokens | SecondFactorNeeded, { code: "account_changed" }>> {
  const { userId, epoch, methods } = proven;
  if (factor) {
    const claims = { sub: userId, jti: crypto.randomUUID(), data: { epoch, methods } };
    const desk = tokenDesk(io.config);
    const signed = await desk.signStep(TWO_FACTOR_STEP, claims, io.clock.nowMs());
    const { token: twoFactorToken, expiresInSeconds: expiresIn } = signed;
    return ok({ twoFactorToken, expiresIn, methods: [...factor.methods] });
  }
  const opened = await openSession(io, proven);
  if (opened.ok) {
    logInfo("identity.signed_in", { userId, methods: methods.join(" "), trace: io.trace });
  }
  return opened;
}
