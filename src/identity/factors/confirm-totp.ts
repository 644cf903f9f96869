import type { Shopper } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { type ChangeEnv, changeSignIn } from "../sessions/change-sign-in.ts";
import { replaceRecoveryCodes } from "./recovery-code-store.ts";
import { newRecoveryCodes, recoveryCodeHash } from "./recovery-codes.ts";
import { decryptSecret } from "./secret-at-rest.ts";
import { matchingStep } from "./totp.ts";
import { confirmPending, findTotp } from "./totp-store.ts";

export type FactorSet = SessionTokens & { recoveryCodes: string[] };
export type ConfirmRefusal =
  | { code: "nothing_pending" }
  | { code: "code_wrong" }
  | { code: "session_ended" };

/**
 * Sets the second factor whose code is shown. From here on no other session goes on, and none begins
 * without it. The recovery codes are answered this once.
 */
export async function confirmTotp(
  io: Io,
  env: ChangeEnv,
  { shopper, code }: { shopper: Shopper; code: string },
): Promise<Result<FactorSet, ConfirmRefusal>> {
  const { userId } = shopper;
  const nowMs = io.clock.nowMs();
  const pendingSecret = (await findTotp(io.sql, userId))?.pendingSecret;
  if (!pendingSecret) return err({ code: "nothing_pending" });
  const { secret } = await decryptSecret(io.config.AUTH_KEYS.seals, userId, pendingSecret);
  const step = await matchingStep(secret, code, { nowMs, lastStep: 0 });
  if (step === undefined) return err({ code: "code_wrong" });

  const recoveryCodes = newRecoveryCodes();
  const hashes = recoveryCodes.map((each) => recoveryCodeHash(userId, each));
  const codeHashes = await Promise.all(hashes);
  const changed = await changeSignIn(io, env, {
    shopper,
    action: "account.second_factor_set",
    proven: ["totp"],
    apply: async (tx) => {
      if (!(await confirmPending(tx, userId, { pendingSecret, step, nowMs }))) {
        return err({ code: "nothing_pending" });
      }
      await replaceRecoveryCodes(tx, userId, { codeHashes, nowMs });
      return ok(null);
    },
  });
  if (!changed.ok) return changed;
  logInfo("identity.second_factor_set", { userId, trace: io.trace });
  return ok({ ...changed.value, recoveryCodes });
}
