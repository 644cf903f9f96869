import { and, eq, isNull, sql } from "drizzle-orm";
import type { EdgeFeedBinding } from "../../platform/edge/index.ts";
import type { SignInMethod } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { SessionId, UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { sessions, users } from "../schema.ts";
import { nextEpoch } from "../user-store.ts";
import { type IssuedFor, issueTokens } from "./open-session.ts";
import { userEnded } from "./revocations.ts";
import { findSession } from "./session-store.ts";
import { tellOrLeave } from "./tell-revocations.ts";

export type Raising = {
  userId: UserId;
  sessionId: SessionId;
  /** All that was proven in the session. */
  methods: readonly SignInMethod[];
  /** When the last of it was. */
  provenAtMs: number;
};

type Ended = { code: "session_ended" };

type Standing = {
  /** Of the token that asks. A change made since was not known to who asked: it may be the very same, sent twice. */
  epoch: number;
  nowMs: number;
};

/** Writes a proof into a session, whose tokens say so from now on. */
export async function raiseSession(
  io: Pick<Io, "sql" | "clock" | "config">,
  { userId, sessionId, methods, provenAtMs }: Raising,
): Promise<Result<SessionTokens, Ended>> {
  await io.sql
    .update(sessions)
    .set({ methods: [...methods], authenticatedAtMs: provenAtMs })
    .where(
      and(eq(sessions.id, sessionId), eq(sessions.userId, userId), isNull(sessions.revokedAtMs)),
    );
  const raised = await standing(io.sql, sessionId);
  return raised ? ok(await issueTokens(io, raised)) : err({ code: "session_ended" });
}

/**
 * Ends all sessions of a user but one, for a change of what signs them in. Call it inside the transaction of
 * that change: an attacker's session must not outlive it, nor a lost answer leave half of it.
 */
export async function endOtherSessions(
  tx: SqlSession,
  { userId, sessionId, epoch, methods, provenAtMs, nowMs }: Raising & Standing,
): Promise<Result<IssuedFor, Ended>> {
  await tx
    .update(users)
    .set({ ...nextEpoch(nowMs), updatedAtMs: nowMs })
    .where(eq(users.id, userId));
  // A session that somebody else has ended since is of an older epoch, and stays there.
  await tx.execute(sql`
    UPDATE sessions s JOIN users u ON u.id = s.user_id
    SET s.epoch = u.session_epoch, s.methods = ${JSON.stringify(methods)},
      s.authenticated_at_ms = ${provenAtMs}
    WHERE s.id = ${sessionId} AND u.id = ${userId} AND u.status = 'active'
      AND s.revoked_at_ms IS NULL AND s.epoch = ${epoch} AND u.session_epoch = ${epoch} + 1`);
  const kept = await standing(tx, sessionId);
  return kept?.epoch === epoch + 1 ? ok(kept) : err({ code: "session_ended" });
}

/** After the transaction: tells every isolate, and gives the session that goes on its new tokens. */
export async function goOnAlone(
  io: Pick<Io, "sql" | "clock" | "config" | "meter" | "trace">,
  env: EdgeFeedBinding,
  kept: IssuedFor,
): Promise<SessionTokens> {
  const { userId, epoch } = kept;
  const [tokens] = await Promise.all([
    issueTokens(io, kept),
    tellOrLeave(io, env, { userId, epoch, fact: userEnded(userId, epoch, io.clock.nowMs()) }),
  ]);
  return tokens;
}

async function standing(db: SqlSession, id: SessionId): Promise<IssuedFor | undefined> {
  const session = await findSession(db, id);
  return session && !session.isOver ? { ...session, id } : undefined;
}
