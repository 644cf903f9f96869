import { eq, sql } from "drizzle-orm";
import { noteAct } from "../platform/audit/note-act.ts";
import type { EdgeFeedBinding } from "../platform/edge/index.ts";
import type { Shopper } from "../platform/http/shopper.ts";
import type { Io } from "../platform/io/io.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { emailOf } from "./email.ts";
import { readLinkToken } from "./mails/follow-link.ts";
import type { MailId } from "./mails/mail-events.ts";
import { findMail, useMail, voidMails } from "./mails/mail-store.ts";
import { requestMail } from "./mails/request-mail.ts";
import type { SessionTokens } from "./model.ts";
import { checkPassword, hashPassword } from "./passwords/check-password.ts";
import { passwords, users } from "./schema.ts";
import { tellEpoch } from "./sessions/close-session.ts";
import { openSession } from "./sessions/open-session.ts";
import type { AccountMailQueue } from "./stub.ts";
import { type Credential, findCredential, nextEpoch } from "./user-store.ts";

type ChangeEnv = AccountMailQueue & EdgeFeedBinding;
type Busy = { code: "busy" };

/**
 * Changes the password of who knows the old one, ends every session, and opens a new one for the
 * device that asked, by the proofs it had given.
 */
export async function changePassword(
  io: Io,
  env: ChangeEnv,
  shopper: Shopper,
  { known, current, next }: { known: Credential; current: string; next: string },
): Promise<Result<SessionTokens, Busy | { code: "credentials_refused" }>> {
  const { userId, passwordHash } = known;
  const check = await checkPassword(io.config, current, passwordHash ?? undefined);
  if (check === "busy") return err({ code: "busy" });
  if (!check.isRight || passwordHash === null) return err({ code: "credentials_refused" });
  const hash = await hashPassword(io.config, next);
  if (hash === "busy") return err({ code: "busy" });
  const nowMs = io.clock.nowMs();
  // One statement: the new password and the end of all that the old one opened. Of two changes one wins.
  const { rowsAffected } = await io.sql.execute(sql`
    UPDATE passwords p JOIN users u ON u.id = p.user_id
    SET p.hash = ${hash}, p.changed_at_ms = ${nowMs}, u.session_epoch = u.session_epoch + 1,
      u.updated_at_ms = ${nowMs}, u.revoke_due_ms = ${nowMs}, u.epoch_raised_at_ms = ${nowMs}
    WHERE u.id = ${userId} AND u.status = 'active' AND p.hash = ${passwordHash}
      AND u.session_epoch = ${known.epoch}`);
  if (rowsAffected === 0) return err({ code: "credentials_refused" });
  const epoch = known.epoch + 1;
  const { methods, authenticatedAtMs: provenAtMs } = shopper;
  const emailKey = known.emailKey;
  const [opened] = await Promise.all([
    openSession(io, { userId, epoch, methods, provenAtMs }),
    tellEpoch(io, env, { userId, epoch, reason: "password_changed" }),
    requestMail(io, env, { purpose: "password_changed", email: emailOf(known.email) }),
    voidMails(io.sql, { emailKey, purpose: "reset", nowMs }),
    noteAct(io.sql, io, {
      actor: userId,
      action: "account.password_changed",
      target: { userId, sessionId: shopper.sessionId },
    }),
  ]);
  return opened.ok ? ok(opened.value) : err({ code: "credentials_refused" });
}

export type ResetOutcome = Result<{ email: string }, Busy | { code: "link_invalid" }>;

/** Sets a password by the link of a mail, and ends every session. It opens none: a second factor stays asked for. */
export async function resetPassword(
  io: Io,
  env: ChangeEnv,
  { token, password }: { token: string; password: string },
): Promise<ResetOutcome> {
  const mailId = await readLinkToken(io, "reset", token);
  const asked = mailId && (await findMail(io.sql, mailId));
  if (!mailId || !asked) return err({ code: "link_invalid" });
  const hash = await hashPassword(io.config, password);
  if (hash === "busy") return err({ code: "busy" });
  const known = await findCredential(io.sql, { emailKey: asked.emailKey });
  if (known?.status !== "active") return err({ code: "link_invalid" });
  const { userId, email } = known;
  const epoch = await setPassword(io, { mailId, known, hash });
  if (epoch === undefined) return err({ code: "link_invalid" });
  logInfo("identity.password_reset", { userId, trace: io.trace });
  await Promise.all([
    tellEpoch(io, env, { userId, epoch, reason: "password_reset" }),
    requestMail(io, env, { purpose: "password_changed", email: emailOf(email) }),
  ]);
  return ok({ email });
}

/** All of it or nothing: the link is used, the password is set, the sessions are over. The new epoch. */
function setPassword(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { mailId, known, hash }: { mailId: MailId; known: Credential; hash: string },
): Promise<number | undefined> {
  const nowMs = io.clock.nowMs();
  const { userId, emailKey } = known;
  return io.sql.transaction(async (tx) => {
    if (!(await useMail(tx, { id: mailId, purpose: "reset", nowMs }))) return undefined;
    await voidMails(tx, { emailKey, purpose: "reset", nowMs });
    await tx
      .insert(passwords)
      .values({ userId, hash, changedAtMs: nowMs })
      .onDuplicateKeyUpdate({ set: { hash, changedAtMs: nowMs } });
    await tx
      .update(users)
      .set({ ...nextEpoch(nowMs), updatedAtMs: nowMs })
      .where(eq(users.id, userId));
    const action = "account.password_reset";
    await noteAct(tx, io, { actor: userId, action, target: { userId } });
    const [row] = await tx
      .select({ epoch: users.sessionEpoch })
      .from(users)
      .where(eq(users.id, userId));
    return row?.epoch;
  });
}
