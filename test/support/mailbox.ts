import { and, eq, isNotNull } from "drizzle-orm";
import { MailId, mailDue } from "../../src/identity/mails/mail-events.ts";
import { accountMails } from "../../src/identity/schema.ts";
import comms from "../../workers/comms/index.ts";
import { ioAt, mailsTo } from "../orders/world.ts";
import { deliver } from "../workers/deliver.ts";

/** A mailbox of a test's own. */
export const ownEmail = () => `shopper-${crypto.randomUUID()}@example.com`;

/** Has every account mail sent that is due to an address, as the queue would; answers all that ever arrived. */
export async function receiveMails(email: string) {
  const due = await ioAt()
    .sql.select({ id: accountMails.id })
    .from(accountMails)
    .where(and(eq(accountMails.emailKey, email.toLowerCase()), isNotNull(accountMails.sendDueMs)));
  const messages = due.map(({ id }) => mailDue(MailId.parse(id), "test", new Date().toISOString()));
  if (messages.length > 0) await deliver(comms, "comms", messages);
  return mailsTo(email);
}

/** The token behind a mail's link. */
export function linkToken({ text }: { text?: string }): string {
  const token = /#token=(\S+)/.exec(text ?? "")?.[1];
  if (token === undefined) throw new Error(`no link in ${text}`);
  return token;
}
