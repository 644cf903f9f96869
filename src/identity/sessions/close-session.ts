import { noteAct } from "../../platform/audit/note-act.ts";
import type { EdgeFeedBinding } from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import type { SessionId, UserId } from "../../shared/ids.ts";
import { raiseEpoch } from "../user-store.ts";
import { sessionEnded, userEnded } from "./revocations.ts";
import { endSession } from "./session-store.ts";
import { tellOrLeave } from "./tell-revocations.ts";

type ClosingIo = Pick<Io, "sql" | "clock" | "meter" | "trace">;

/** From when on no request anywhere gets through; undefined while the feed cannot be told. */
export type Closed = { effectiveByMs: number | undefined };

/** Ends a session: its refresh token in the database at once, its access token wherever the feed is read. */
export async function closeSession(
  io: ClosingIo,
  env: EdgeFeedBinding,
  id: SessionId,
  reason: string,
): Promise<Closed> {
  const nowMs = io.clock.nowMs();
  if (await endSession(io.sql, id, { reason, nowMs })) {
    logInfo("identity.session_ended", { sessionId: id, reason, trace: io.trace });
  }
  return tellOrLeave(io, env, { sessionId: id, fact: sessionEnded(id, nowMs) });
}

/** Ends all sessions of a user. */
export async function closeAllSessions(
  io: ClosingIo,
  env: EdgeFeedBinding,
  userId: UserId,
  reason: string,
): Promise<Closed> {
  const nowMs = io.clock.nowMs();
  const epoch = await raiseEpoch(io.sql, userId, nowMs);
  if (epoch === undefined) return { effectiveByMs: nowMs };
  const action = "account.sessions_ended";
  const [closed] = await Promise.all([
    tellEpoch(io, env, { userId, epoch, reason }),
    noteAct(io.sql, io, { actor: userId, action, target: { userId } }),
  ]);
  return closed;
}

/** Tells everybody of an epoch that the database has already: all before it is over. */
export function tellEpoch(
  io: ClosingIo,
  env: EdgeFeedBinding,
  { userId, epoch, reason }: { userId: UserId; epoch: number; reason: string },
): Promise<Closed> {
  logInfo("identity.sessions_ended", { userId, reason, trace: io.trace });
  return tellOrLeave(io, env, { userId, epoch, fact: userEnded(userId, epoch, io.clock.nowMs()) });
}
