import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import type { UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type ChangeEnv, changeSignInEndingAll } from "../sessions/change-sign-in.ts";
import type { Closed } from "../sessions/close-session.ts";
import { replaceRecoveryCodes } from "./recovery-code-store.ts";
import { removeTotp } from "./totp-store.ts";

type RemoveRefusal = { code: "not_set" } | { code: "account_changed" };

/**
 * Removes the second factor of an owner who has lost their device and their paper, and has shown staff who
 * they are. All sessions end, and the owner is told by mail, should it not have been them.
 */
export async function removeForOwner(
  io: Io,
  env: ChangeEnv,
  userId: UserId,
): Promise<Result<Closed, RemoveRefusal>> {
  const nowMs = io.clock.nowMs();
  const removed = await changeSignInEndingAll(io, env, {
    userId,
    reason: "second_factor_removed",
    apply: async (tx) => {
      if (!(await removeTotp(tx, userId))) return err({ code: "not_set" });
      await replaceRecoveryCodes(tx, userId, { codeHashes: [], nowMs });
      return ok(null);
    },
  });
  if (removed.ok) logInfo("identity.second_factor_removed_by_staff", { userId, trace: io.trace });
  return removed;
}
