import type { Shopper, SignInMethod } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import type { Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { raiseSession } from "../sessions/raise-session.ts";

/** Writes into a session what its shopper has just proven. The tokens in the answer say so. */
export async function stepUp(
  io: Io,
  { userId, sessionId, methods }: Shopper,
  proven: SignInMethod,
): Promise<Result<SessionTokens, { code: "session_ended" }>> {
  const all = [...new Set([...methods, proven])];
  const raising = { userId, sessionId, methods: all, provenAtMs: io.clock.nowMs() };
  const raised = await raiseSession(io, raising);
  if (raised.ok) logInfo("identity.stepped_up", { userId, method: proven, trace: io.trace });
  return raised;
}
