import type { Io } from "../../platform/io/io.ts";
import type { MailPurpose } from "../model.ts";
import { seal } from "../tokens/sealed-reference.ts";
import { findCredential } from "../user-store.ts";
import type { MailId } from "./mail-events.ts";
import { findLiveMail, findMail, type MailRow, settleMail } from "./mail-store.ts";

export type AccountTemplate =
  | "verify-email"
  | "already-registered"
  | "reset-password"
  | "confirm-new-email"
  | "email-changed"
  | "password-changed"
  | "sign-in-changed";

/** What to write to whom. `link` opens an account: it goes into the mail and nowhere else. */
export type AccountMail = { template: AccountTemplate; to: string; link: string };

type ComposeIo = Pick<Io, "sql" | "clock" | "config">;

/** What the link of a mail is sealed for: it can be followed for that and nothing else. */
export const linkPurpose = (purpose: MailPurpose) => `mail:${purpose}`;

/**
 * The mail that was asked for, as things are now; undefined when there is none to send. An address with
 * an account is written to as its owner wrote it, not as whoever asked did.
 */
export async function composeMail(io: ComposeIo, id: MailId): Promise<AccountMail | undefined> {
  const row = await findMail(io.sql, id);
  const nowMs = io.clock.nowMs();
  if (!row || row.sendDueMs === null || row.expiresAtMs <= nowMs) return undefined;
  const account = await findCredential(io.sql, { emailKey: row.emailKey });
  const isActive = account?.status === "active";
  switch (row.purpose) {
    case "register":
    case "resend": {
      if (account) return isActive ? alreadyRegistered(io, account.email) : undefined;
      const asked = row.purpose === "register" ? row : await pendingRegistration(io, row, nowMs);
      return asked && verification(io, asked);
    }
    case "reset":
      return isActive
        ? { template: "reset-password", to: account.email, link: await linkOf(io, "reset", row) }
        : undefined;
    case "change_email":
      // Whose mailbox it is already is told so, and not whose account wants it.
      if (account && account.userId !== row.userId) {
        return isActive ? alreadyRegistered(io, account.email) : undefined;
      }
      return {
        template: "confirm-new-email",
        to: row.email,
        link: await linkOf(io, "change_email", row),
      };
    case "email_changed":
      // To the old address, which is nobody's account by now.
      return changed(io, "email-changed", row.email);
    case "password_changed":
      return account && changed(io, "password-changed", account.email);
    case "sign_in_changed":
      return account && changed(io, "sign-in-changed", account.email);
  }
}

/** Says that a mail went out, or that there was none to send. */
export const mailIsDone = ({ sql }: Pick<Io, "sql">, id: MailId): Promise<void> =>
  settleMail(sql, id);

const pendingRegistration = ({ sql }: ComposeIo, { emailKey }: MailRow, nowMs: number) =>
  findLiveMail(sql, { emailKey, purpose: "register", nowMs });

const verification = async (io: ComposeIo, row: MailRow): Promise<AccountMail> => ({
  template: "verify-email",
  to: row.email,
  link: await linkOf(io, "register", row),
});

const alreadyRegistered = (io: ComposeIo, to: string): AccountMail => ({
  template: "already-registered",
  to,
  // Where one signs in is the front end's; a forgotten password is what makes people register again.
  link: pageOf(io, "forgot"),
});

const changed = (io: ComposeIo, template: AccountTemplate, to: string): AccountMail => ({
  template,
  to,
  link: pageOf(io, "forgot"),
});

const PAGES: Partial<Record<MailPurpose, string>> = {
  register: "verify",
  reset: "reset",
  change_email: "confirm-email",
};

/** The token stands in the fragment, which browsers send to no server. */
async function linkOf(io: ComposeIo, purpose: MailPurpose, { id }: MailRow): Promise<string> {
  const token = await seal(io.config.AUTH_KEYS, { purpose: linkPurpose(purpose), reference: id });
  return `${pageOf(io, PAGES[purpose] ?? purpose)}#token=${token}`;
}

const pageOf = ({ config }: ComposeIo, page: string): string =>
  `${config.PUBLIC_URL.replace(/\/$/, "")}/account/${page}`;
