import { and, eq } from "drizzle-orm";
import { noteAct } from "../platform/audit/note-act.ts";
import type { Io } from "../platform/io/io.ts";
import { isDuplicateKey } from "../platform/sql/errors.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import type { UserId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { emailOf } from "./email.ts";
import { readLinkToken } from "./mails/follow-link.ts";
import type { MailId } from "./mails/mail-events.ts";
import { findMail, type MailRow, useMail, voidMails } from "./mails/mail-store.ts";
import { noteMail, queueOrLeave } from "./mails/request-mail.ts";
import { users } from "./schema.ts";
import type { AccountMailQueue } from "./stub.ts";
import { holdUser } from "./user-cache.ts";

type Refusal = { code: "link_invalid" };

/**
 * Gives an account the address whose mail's link was followed, and tells the old one. Sessions go on: who
 * asked had just proven themselves, and by the address alone nobody signs in.
 */
export async function confirmEmailChange(
  io: Pick<Io, "sql" | "clock" | "config" | "meter" | "trace" | "redis">,
  env: AccountMailQueue,
  token: string,
): Promise<Result<{ userId: UserId; email: string }, Refusal>> {
  const mailId = await readLinkToken(io, "change_email", token);
  const asked = mailId && (await findMail(io.sql, mailId));
  if (!mailId || !asked?.userId) return err({ code: "link_invalid" });
  const { userId, email } = asked;
  await holdUser(io, userId);
  try {
    const notice = await moveTo(io, mailId, { ...asked, userId });
    if (!notice) return err({ code: "link_invalid" });
    await queueOrLeave(io, env, notice);
  } catch (error) {
    // Somebody else has proven this address meanwhile.
    if (isDuplicateKey(error)) return err({ code: "link_invalid" });
    throw error;
  }
  logInfo("identity.email_changed", { userId, trace: io.trace });
  return ok({ userId, email });
}

/** All of it or nothing: the link is used, the address is another, the old one is to be told. */
function moveTo(
  io: Pick<Io, "sql" | "clock" | "trace">,
  id: MailId,
  { userId, email, emailKey }: MailRow & { userId: UserId },
): Promise<MailId | undefined> {
  const nowMs = io.clock.nowMs();
  return io.sql.transaction(async (tx) => {
    if (!(await useMail(tx, { id, purpose: "change_email", nowMs }))) return undefined;
    const isTheirs = and(eq(users.id, userId), eq(users.status, "active"));
    const [old] = await tx
      .select({ email: users.email, emailKey: users.emailKey })
      .from(users)
      .where(isTheirs)
      .for("update");
    if (!old) return undefined;
    await tx.update(users).set({ email, emailKey, updatedAtMs: nowMs }).where(isTheirs);
    // Links that went to the old address open nothing of the account any more.
    await voidMails(tx, { emailKey: old.emailKey, purpose: "reset", nowMs });
    const action = "account.email_changed";
    await noteAct(tx, io, { actor: userId, action, target: { userId } });
    return noteMail(
      { sql: tx, clock: io.clock },
      { purpose: "email_changed", email: emailOf(old.email) },
    );
  });
}
