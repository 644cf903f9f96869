import type { Shopper } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import type { PasskeyId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { type ChangeEnv, changeSignIn } from "../sessions/change-sign-in.ts";
import { deletePasskey } from "./passkey-store.ts";

/** Removes a passkey, and all sessions but this one: those that a thief opened with it are among them. */
export async function removePasskey(
  io: Io,
  env: ChangeEnv,
  shopper: Shopper,
  id: PasskeyId,
): Promise<Result<SessionTokens, { code: "passkey_unknown" } | { code: "session_ended" }>> {
  const { userId } = shopper;
  const changed = await changeSignIn(io, env, {
    shopper,
    action: "account.passkey_removed",
    apply: async (tx) =>
      (await deletePasskey(tx, { id, userId })) ? ok(null) : err({ code: "passkey_unknown" }),
  });
  if (changed.ok) logInfo("identity.passkey_removed", { userId, passkeyId: id, trace: io.trace });
  return changed;
}
