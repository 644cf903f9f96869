import { and, eq, isNull, sql } from "drizzle-orm";
import type { SignInMethod } from "../../platform/http/shopper.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { SessionId, UserId } from "../../shared/ids.ts";
import { sessions, users } from "../schema.ts";

export type NewSession = {
  id: SessionId;
  userId: UserId;
  /** The epoch at which the proof was taken: if the user has another by now, there is no session. */
  epoch: number;
  methods: readonly SignInMethod[];
  authenticatedAtMs: number;
  nowMs: number;
  expiresAtMs: number;
};

/** Opens a session if the user may still have one, in one statement: whoever was faster has won. */
export async function insertSession(db: SqlSession, session: NewSession): Promise<boolean> {
  const { id, userId, epoch, methods, authenticatedAtMs, nowMs, expiresAtMs } = session;
  const { rowsAffected } = await db.execute(sql`
    INSERT INTO sessions (id, user_id, epoch, generation, methods, authenticated_at_ms,
      started_at_ms, rotated_at_ms, expires_at_ms)
    SELECT ${id}, u.id, u.session_epoch, 1, ${JSON.stringify(methods)}, ${authenticatedAtMs},
      ${nowMs}, ${nowMs}, ${expiresAtMs}
    FROM users u WHERE u.id = ${userId} AND u.status = 'active' AND u.session_epoch = ${epoch}`);
  return rowsAffected === 1;
}

export type Rotation = { id: SessionId; generation: number; nowMs: number; expiresAtMs: number };

/** Replaces a generation by the next one. Of two who try, one has; nobody does in a session that is over. */
export async function rotateSession(
  db: SqlSession,
  { id, generation, nowMs, expiresAtMs }: Rotation,
): Promise<boolean> {
  const { rowsAffected } = await db.execute(sql`
    UPDATE sessions s JOIN users u ON u.id = s.user_id
    SET s.generation = s.generation + 1, s.rotated_at_ms = ${nowMs},
      s.expires_at_ms = LEAST(${expiresAtMs}, s.started_at_ms + ${SESSION_LIFE_MS})
    WHERE s.id = ${id} AND s.generation = ${generation} AND s.revoked_at_ms IS NULL
      AND s.expires_at_ms > ${nowMs} AND s.epoch = u.session_epoch AND u.status = 'active'`);
  return rowsAffected === 1;
}

/** However diligently it is refreshed, a session ends: half a year. */
const SESSION_LIFE_MS = 180 * 24 * 60 * 60 * 1_000;

export type SessionRow = {
  userId: UserId;
  generation: number;
  methods: SignInMethod[];
  epoch: number;
  authenticatedAtMs: number;
  rotatedAtMs: number;
  expiresAtMs: number;
  isOver: boolean;
};

/** A session with what its user says about it: `isOver` for one that was revoked, by itself or with all others. */
export async function findSession(db: SqlSession, id: SessionId): Promise<SessionRow | undefined> {
  const [row] = await db
    .select({ session: sessions, epoch: users.sessionEpoch, status: users.status })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(eq(sessions.id, id));
  if (!row) return undefined;
  const { session, epoch, status } = row;
  const isOver = session.revokedAtMs !== null || session.epoch !== epoch || status !== "active";
  return { ...session, methods: readMethods(session.methods), isOver };
}

/** MySQL answers a JSON column parsed, MariaDB, where JSON is a checked text, may answer the text. */
export const readMethods = (methods: SignInMethod[] | string): SignInMethod[] =>
  typeof methods === "string" ? (JSON.parse(methods) as SignInMethod[]) : methods;

export type Revocation = { reason: string; nowMs: number };

/** Ends one session. Whether it did: a session ends once, for one reason. */
export async function endSession(
  db: SqlSession,
  id: SessionId,
  { reason, nowMs }: Revocation,
): Promise<boolean> {
  const { rowsAffected } = await db
    .update(sessions)
    .set({ revokedAtMs: nowMs, revokedReason: reason, revokeDueMs: nowMs })
    .where(and(eq(sessions.id, id), isNull(sessions.revokedAtMs)));
  return rowsAffected === 1;
}
