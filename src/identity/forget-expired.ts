import { lte } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { accountMails, sessions } from "./schema.ts";

/** Rows in one statement: a sweep must not hold locks for long. */
const BATCH = 500;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Deletes the sessions and the mails that ended a day ago, as many as one sweep may. Answers how many. */
export async function forgetExpired({
  sql,
  clock,
}: Pick<Io, "sql" | "clock">): Promise<{ swept: number; failed: number }> {
  const beforeMs = clock.nowMs() - DAY_MS;
  const ended = await sql.delete(sessions).where(lte(sessions.expiresAtMs, beforeMs)).limit(BATCH);
  const mails = await sql
    .delete(accountMails)
    .where(lte(accountMails.expiresAtMs, beforeMs))
    .limit(BATCH);
  return { swept: ended.rowsAffected + mails.rowsAffected, failed: 0 };
}
