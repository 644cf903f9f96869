import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { openSession } from "../sessions/open-session.ts";
import { findCredential } from "../user-store.ts";
import { type GivenPasskey, type PasskeyRefusal, provePasskey } from "./prove-passkey.ts";

/** Signs in by a passkey alone: with its user verified it is both factors, so none is asked for beside it. */
export async function signInByPasskey(
  io: Io,
  given: GivenPasskey,
): Promise<Result<SessionTokens, PasskeyRefusal>> {
  const proven = await provePasskey(io, given, { use: "sign_in" });
  if (!proven.ok) return proven;
  const userId = proven.value;
  const user = await findCredential(io.sql, { userId });
  if (user?.status !== "active") return err({ code: "passkey_refused" });
  const opened = await openSession(io, { userId, epoch: user.epoch, methods: ["passkey"] });
  if (!opened.ok) return err({ code: "passkey_refused" });
  logInfo("identity.signed_in", { userId, methods: "passkey", trace: io.trace });
  return ok(opened.value);
}
