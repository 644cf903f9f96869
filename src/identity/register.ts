import type { Io } from "../platform/io/io.ts";
import { isDuplicateKey } from "../platform/sql/errors.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { newId, UserId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { Email } from "./email.ts";
import { readLinkToken } from "./mails/follow-link.ts";
import { findMail, useMail } from "./mails/mail-store.ts";
import { requestMail } from "./mails/request-mail.ts";
import { checkPassword, hashPassword } from "./passwords/check-password.ts";
import { passwords, users } from "./schema.ts";
import type { AccountMailQueue } from "./stub.ts";

/**
 * Asks for an account. There is none until the link in the mail is followed: so nobody can claim
 * another's address, and nobody learns here whether an address has an account.
 */
export async function register(
  io: Io,
  env: AccountMailQueue,
  { email, password, key }: { email: Email; password: string; key: string | undefined },
): Promise<Result<undefined, { code: "busy" } | { code: "key_reused" }>> {
  const passwordHash = await hashPassword(io.config, password);
  if (passwordHash === "busy") return err({ code: "busy" });
  const asked = await requestMail(io, env, { purpose: "register", email, passwordHash, key });
  if (asked.isNew) return ok(undefined);
  const first = await findMail(io.sql, asked.id);
  const check = await checkPassword(io.config, password, first?.passwordHash ?? undefined);
  if (check === "busy") return err({ code: "busy" });
  // Another password under the same key is another request: saying yes would keep the one of the first.
  return check.isRight ? ok(undefined) : err({ code: "key_reused" });
}

/** Makes the account that a registration asked for. Of several for one address the first that is proven wins. */
export async function verifyEmail(
  io: Pick<Io, "sql" | "clock" | "config" | "trace">,
  token: string,
): Promise<Result<{ userId: UserId }, { code: "link_invalid" }>> {
  const mailId = await readLinkToken(io, "register", token);
  const asked = mailId && (await findMail(io.sql, mailId));
  if (!mailId || !asked?.passwordHash) return err({ code: "link_invalid" });
  const nowMs = io.clock.nowMs();
  const userId = newId(UserId, "usr");
  const { email, emailKey, passwordHash } = asked;
  try {
    const made = await io.sql.transaction(async (tx) => {
      if (!(await useMail(tx, { id: mailId, purpose: "register", nowMs }))) return false;
      await tx.insert(users).values({
        id: userId,
        email,
        emailKey,
        status: "active",
        sessionEpoch: 1,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      });
      await tx.insert(passwords).values({ userId, hash: passwordHash, changedAtMs: nowMs });
      return true;
    });
    if (!made) return err({ code: "link_invalid" });
  } catch (error) {
    // Somebody has proven this address by another registration.
    if (isDuplicateKey(error)) return err({ code: "link_invalid" });
    throw error;
  }
  logInfo("identity.account_made", { userId, trace: io.trace });
  return ok({ userId });
}
