import type { SignInMethod } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import {
  guesses,
  type LimiterBinding,
  type RateLimited,
  takeTries,
} from "../../platform/limits/index.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import type { UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { useRecoveryCode } from "./recovery-code-store.ts";
import { recoveryCodeHash } from "./recovery-codes.ts";
import { decryptSecret, encryptSecret } from "./secret-at-rest.ts";
import { matchingStep } from "./totp.ts";
import { findTotp, replaceSecret, useStep } from "./totp-store.ts";

/** A code of an authenticator app, or one from paper. */
export type GivenCode = { code: string } | { recoveryCode: string };

const HOUR_MS = 3_600_000;
/**
 * A code is one of a million and three are good at a time, so an account takes ten guesses an hour from all
 * strangers together: a thousand addresses get one right in about four years. Whoever gets here knows
 * the password already.
 */
const CODE_GUESSES = guesses("second-factor", { strangers: { tries: 10, perMs: HOUR_MS } });
/** Apart, so that guesses at codes cannot keep an owner from their paper. */
const RECOVERY_GUESSES = guesses("recovery-code", { strangers: { tries: 10, perMs: HOUR_MS } });

export type UseRefusal = { code: "code_refused" } | RateLimited;

/**
 * Takes a second factor's code, once. A try counts before it is looked at, on the account whatever
 * the address, so a hundred at once are no way around the limit.
 */
export async function useSecondFactor(
  io: Io,
  env: LimiterBinding,
  { userId, given, places }: { userId: UserId; given: GivenCode; places: readonly string[] },
): Promise<Result<SignInMethod, UseRefusal>> {
  const isTotp = "code" in given;
  const policy = isTotp ? CODE_GUESSES : RECOVERY_GUESSES;
  const taken = await takeTries(env, io, [{ policy, subject: userId, places }]);
  if (!taken.ok) return taken;
  let isGood: boolean;
  try {
    isGood = isTotp
      ? await useCode(io, userId, given.code)
      : await usePaper(io, userId, given.recoveryCode);
  } catch (error) {
    await taken.value.unasked();
    throw error;
  }
  if (!isGood) {
    logInfo("identity.second_factor_refused", { userId, trace: io.trace });
    return err({ code: "code_refused" });
  }
  await taken.value.right();
  return ok(isTotp ? "totp" : "recovery_code");
}

async function useCode({ sql, clock, config }: Io, userId: UserId, code: string): Promise<boolean> {
  const totp = await findTotp(sql, userId);
  if (!totp?.secret) return false;
  const { seals } = config.AUTH_KEYS;
  const { secret, isCurrent } = await decryptSecret(seals, userId, totp.secret);
  const { lastStep } = totp;
  const step = await matchingStep(secret, code, { nowMs: clock.nowMs(), lastStep });
  if (step === undefined || !(await useStep(sql, userId, step))) return false;
  if (!isCurrent) {
    const to = await encryptSecret(seals, userId, secret);
    await replaceSecret(sql, userId, { from: totp.secret, to });
  }
  return true;
}

async function usePaper({ sql, clock }: Io, userId: UserId, code: string): Promise<boolean> {
  const codeHash = await recoveryCodeHash(userId, code);
  return useRecoveryCode(sql, userId, { codeHash, nowMs: clock.nowMs() });
}
