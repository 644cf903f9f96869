import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import type { UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { replaceRecoveryCodes } from "./recovery-code-store.ts";
import { newRecoveryCodes, recoveryCodeHash } from "./recovery-codes.ts";
import { findTotp } from "./totp-store.ts";

/** Ten new recovery codes, answered this once. The old ones are over. */
export async function renewRecoveryCodes(
  io: Io,
  userId: UserId,
): Promise<Result<string[], { code: "not_set" }>> {
  const nowMs = io.clock.nowMs();
  const codes = newRecoveryCodes();
  const codeHashes = await Promise.all(codes.map((each) => recoveryCodeHash(userId, each)));
  const isSet = await io.sql.transaction(async (tx) => {
    const totp = await findTotp(tx, userId);
    if (!totp?.secret) return false;
    await replaceRecoveryCodes(tx, userId, { codeHashes, nowMs });
    return true;
  });
  if (!isSet) return err({ code: "not_set" });
  logInfo("identity.recovery_codes_renewed", { userId, trace: io.trace });
  return ok(codes);
}
