import type { Shopper } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { type ChangeEnv, changeSignIn } from "../sessions/change-sign-in.ts";
import { replaceRecoveryCodes } from "./recovery-code-store.ts";
import { newRecoveryCodes, recoveryCodeHash } from "./recovery-codes.ts";
import { findTotp } from "./totp-store.ts";

export type RenewRefusal = { code: "not_set" } | { code: "session_ended" };

/** Ten new recovery codes, answered this once. The old ones are over, and so are all other sessions. */
export async function renewRecoveryCodes(
  io: Io,
  env: ChangeEnv,
  shopper: Shopper,
): Promise<Result<SessionTokens & { recoveryCodes: string[] }, RenewRefusal>> {
  const { userId } = shopper;
  const nowMs = io.clock.nowMs();
  const recoveryCodes = newRecoveryCodes();
  const hashes = recoveryCodes.map((each) => recoveryCodeHash(userId, each));
  const codeHashes = await Promise.all(hashes);
  const changed = await changeSignIn(io, env, {
    shopper,
    action: "account.recovery_codes_renewed",
    apply: async (tx) => {
      const totp = await findTotp(tx, userId);
      if (!totp?.secret) return err({ code: "not_set" });
      await replaceRecoveryCodes(tx, userId, { codeHashes, nowMs });
      return ok(null);
    },
  });
  if (!changed.ok) return changed;
  logInfo("identity.recovery_codes_renewed", { userId, trace: io.trace });
  return ok({ ...changed.value, recoveryCodes });
}
