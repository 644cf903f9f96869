import { and, desc, eq, gt, inArray, isNull } from "drizzle-orm";
import type { SignInMethod } from "../../platform/http/shopper.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { SessionId, UserId } from "../../shared/ids.ts";
import { sessions, users } from "../schema.ts";
import { readMethods } from "./session-store.ts";

const SESSIONS_MAX = 100;

export type OpenSession = {
  id: SessionId;
  methods: SignInMethod[];
  startedAtMs: number;
  /** When it was last refreshed: its last use, to a quarter of an hour. */
  rotatedAtMs: number;
  expiresAtMs: number;
};

/** The sessions of a user that can still be used, the latest first. */
export async function listSessions(
  db: SqlSession,
  userId: UserId,
  nowMs: number,
): Promise<OpenSession[]> {
  const { id, methods, startedAtMs, rotatedAtMs, expiresAtMs } = sessions;
  const rows = await db
    .select({ id, methods, startedAtMs, rotatedAtMs, expiresAtMs })
    .from(sessions)
    .innerJoin(users, and(eq(users.id, sessions.userId), eq(users.sessionEpoch, sessions.epoch)))
    .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAtMs), gt(expiresAtMs, nowMs)))
    .orderBy(desc(startedAtMs), desc(id))
    .limit(SESSIONS_MAX);
  return rows.map((row) => ({ ...row, methods: readMethods(row.methods) }));
}

/** Which of some sessions can still be used, whoever has them. */
export async function openAmong(
  db: SqlSession,
  ids: readonly SessionId[],
  nowMs: number,
): Promise<Set<SessionId>> {
  if (ids.length === 0) return new Set();
  const isOfToday = and(eq(users.sessionEpoch, sessions.epoch), eq(users.status, "active"));
  const rows = await db
    .select({ id: sessions.id })
    .from(sessions)
    .innerJoin(users, and(eq(users.id, sessions.userId), isOfToday))
    .where(
      and(
        inArray(sessions.id, [...ids]),
        isNull(sessions.revokedAtMs),
        gt(sessions.expiresAtMs, nowMs),
      ),
    );
  return new Set(rows.map(({ id }) => id));
}
