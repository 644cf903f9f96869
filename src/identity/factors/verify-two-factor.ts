import { z } from "zod";
import { SIGN_IN_METHODS } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import type { LimiterBinding } from "../../platform/limits/index.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { UserId } from "../../shared/ids.ts";
import { err, type Result } from "../../shared/result.ts";
import { TWO_FACTOR_STEP } from "../continue-sign-in.ts";
import type { SessionTokens } from "../model.ts";
import { openSession } from "../sessions/open-session.ts";
import { tokenDesk } from "../tokens/token-desk.ts";
import { type GivenCode, type UseRefusal, useSecondFactor } from "./use-second-factor.ts";

const FirstProof = z.object({
  epoch: z.int(),
  methods: z.array(z.enum(SIGN_IN_METHODS)).min(1),
});

export type VerifyRefusal = UseRefusal | { code: "step_ended" };

/** Completes a sign-in: a session for who has shown the second factor after the first. */
export async function verifyTwoFactor(
  io: Io,
  env: LimiterBinding,
  {
    twoFactorToken,
    ...rest
  }: { twoFactorToken: string; given: GivenCode; places: readonly string[] },
): Promise<Result<SessionTokens, VerifyRefusal>> {
  const desk = tokenDesk(io.config);
  const step = await desk.readStep(TWO_FACTOR_STEP, twoFactorToken, io.clock.nowMs());
  const userId = UserId.safeParse(step?.sub).data;
  const first = FirstProof.safeParse(step?.data).data;
  if (!userId || !first) return err({ code: "step_ended" });
  const used = await useSecondFactor(io, env, { userId, ...rest });
  if (!used.ok) return used;
  const methods = [...first.methods, used.value];
  const opened = await openSession(io, { userId, epoch: first.epoch, methods });
  // Signed out everywhere, or disabled, since the first proof: begin again.
  if (!opened.ok) return err({ code: "step_ended" });
  logInfo("identity.signed_in", { userId, methods: methods.join(" "), trace: io.trace });
  return opened;
}
