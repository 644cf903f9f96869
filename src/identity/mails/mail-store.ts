import { and, asc, desc, eq, gt, isNull, lte } from "drizzle-orm";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { UserId } from "../../shared/ids.ts";
import type { Email } from "../email.ts";
import type { MailPurpose } from "../model.ts";
import { accountMails } from "../schema.ts";
import type { MailId } from "./mail-events.ts";

export type NewMail = {
  id: MailId;
  purpose: MailPurpose;
  email: Email;
  passwordHash?: string;
  userId?: UserId;
  createdAtMs: number;
  expiresAtMs: number;
  sendDueMs: number;
};

/** False for one that was asked for already: of the same id, by a request that came twice. */
export async function insertMail(db: SqlSession, { email, ...mail }: NewMail): Promise<boolean> {
  const row = { ...mail, email: email.address, emailKey: email.key };
  const { rowsAffected } = await db.insert(accountMails).ignore().values(row);
  return rowsAffected === 1;
}

export type MailRow = typeof accountMails.$inferSelect;

export async function findMail(db: SqlSession, id: MailId): Promise<MailRow | undefined> {
  const [row] = await db.select().from(accountMails).where(eq(accountMails.id, id));
  return row;
}

/** The newest link of that kind that can still be followed. */
export async function findLiveMail(
  db: SqlSession,
  { emailKey, purpose, nowMs }: { emailKey: string; purpose: MailPurpose; nowMs: number },
): Promise<MailRow | undefined> {
  const [row] = await db
    .select()
    .from(accountMails)
    .where(
      and(
        eq(accountMails.emailKey, emailKey),
        eq(accountMails.purpose, purpose),
        gt(accountMails.expiresAtMs, nowMs),
        isNull(accountMails.usedAtMs),
      ),
    )
    .orderBy(desc(accountMails.createdAtMs))
    .limit(1);
  return row;
}

/** Follows a link once: false for one that was followed, has ended, or is of another kind. */
export async function useMail(
  db: SqlSession,
  { id, purpose, nowMs }: { id: MailId; purpose: MailPurpose; nowMs: number },
): Promise<boolean> {
  const { rowsAffected } = await db
    .update(accountMails)
    .set({ usedAtMs: nowMs })
    .where(
      and(
        eq(accountMails.id, id),
        eq(accountMails.purpose, purpose),
        isNull(accountMails.usedAtMs),
        gt(accountMails.expiresAtMs, nowMs),
      ),
    );
  return rowsAffected === 1;
}

/** Ends all links of that kind to a mailbox. */
export async function voidMails(
  db: SqlSession,
  { emailKey, purpose, nowMs }: { emailKey: string; purpose: MailPurpose; nowMs: number },
): Promise<void> {
  await db
    .update(accountMails)
    .set({ usedAtMs: nowMs })
    .where(
      and(
        eq(accountMails.emailKey, emailKey),
        eq(accountMails.purpose, purpose),
        isNull(accountMails.usedAtMs),
      ),
    );
}

/** Nobody is to be told of it any more. */
export async function settleMail(db: SqlSession, id: MailId): Promise<void> {
  await db.update(accountMails).set({ sendDueMs: null }).where(eq(accountMails.id, id));
}

export async function listDueMails(
  db: SqlSession,
  { dueMs, limit }: { dueMs: number; limit: number },
): Promise<MailRow[]> {
  return db
    .select()
    .from(accountMails)
    .where(lte(accountMails.sendDueMs, dueMs))
    .orderBy(asc(accountMails.sendDueMs))
    .limit(limit);
}

export async function postponeMail(db: SqlSession, id: MailId, dueMs: number): Promise<void> {
  await db.update(accountMails).set({ sendDueMs: dueMs }).where(eq(accountMails.id, id));
}
