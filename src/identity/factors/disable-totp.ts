import type { Shopper } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { type ChangeEnv, changeSignIn } from "../sessions/change-sign-in.ts";
import { replaceRecoveryCodes } from "./recovery-code-store.ts";
import { removeTotp } from "./totp-store.ts";

export type DisableRefusal = { code: "not_set" } | { code: "session_ended" };

/** Removes the second factor and its recovery codes. Ends all other sessions, as every such change does. */
export async function disableTotp(
  io: Io,
  env: ChangeEnv,
  shopper: Shopper,
): Promise<Result<SessionTokens, DisableRefusal>> {
  const { userId } = shopper;
  const nowMs = io.clock.nowMs();
  const changed = await changeSignIn(io, env, {
    shopper,
    action: "account.second_factor_removed",
    apply: async (tx) => {
      if (!(await removeTotp(tx, userId))) return err({ code: "not_set" });
      await replaceRecoveryCodes(tx, userId, { codeHashes: [], nowMs });
      return ok(null);
    },
  });
  if (changed.ok) logInfo("identity.second_factor_removed", { userId, trace: io.trace });
  return changed;
}
