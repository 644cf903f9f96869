import { and, eq, ne, sql } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { UserId } from "../shared/ids.ts";
import type { UserStatus } from "./model.ts";
import { passwords, users } from "./schema.ts";

/** Columns of a user with what is kept of their password. */
const CREDENTIAL = {
  userId: users.id,
  email: users.email,
  emailKey: users.emailKey,
  status: users.status,
  epoch: users.sessionEpoch,
  passwordHash: passwords.hash,
} as const;

export type Credential = {
  userId: UserId;
  email: string;
  emailKey: string;
  status: UserStatus;
  epoch: number;
  /** Null for who has never set a password. */
  passwordHash: string | null;
};

export async function findCredential(
  db: SqlSession,
  by: { emailKey: string } | { userId: UserId },
): Promise<Credential | undefined> {
  const [row] = await db
    .select(CREDENTIAL)
    .from(users)
    .leftJoin(passwords, eq(passwords.userId, users.id))
    .where("userId" in by ? eq(users.id, by.userId) : eq(users.emailKey, by.emailKey));
  return row;
}

/** Keeps a better hash of the same password, unless the password was changed meanwhile. */
export async function replaceHash(
  db: SqlSession,
  userId: UserId,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await db
    .update(passwords)
    .set({ hash: to })
    .where(and(eq(passwords.userId, userId), eq(passwords.hash, from)));
}

/** What an epoch that grows writes: its row is its own note that the feed is to be told. */
export const nextEpoch = (nowMs: number) => ({
  sessionEpoch: sql`${users.sessionEpoch} + 1`,
  epochRaisedAtMs: nowMs,
  revokeDueMs: nowMs,
});

/** Ends all sessions of a user at once. The new epoch, or undefined for nobody. */
export async function raiseEpoch(
  db: SqlSession,
  userId: UserId,
  nowMs: number,
): Promise<number | undefined> {
  const { rowsAffected } = await db
    .update(users)
    .set({ ...nextEpoch(nowMs), updatedAtMs: nowMs })
    .where(eq(users.id, userId));
  if (rowsAffected === 0) return undefined;
  const [row] = await db
    .select({ epoch: users.sessionEpoch })
    .from(users)
    .where(eq(users.id, userId));
  return row?.epoch;
}

/** Opens or closes an account; closing it ends all its sessions. Doing it again changes nothing. */
export async function setStatus(
  db: SqlSession,
  userId: UserId,
  { status, nowMs }: { status: UserStatus; nowMs: number },
): Promise<Credential | undefined> {
  const ends = status === "disabled" ? nextEpoch(nowMs) : {};
  await db
    .update(users)
    .set({ status, updatedAtMs: nowMs, ...ends })
    .where(and(eq(users.id, userId), ne(users.status, status)));
  return findCredential(db, { userId });
}
