import { z } from "zod";
import type { Envelope } from "../../platform/queues/envelope.ts";

/** A mail is to be written. What it says is looked up when it is, so no queue holds an address or a link. */
export const ACCOUNT_MAIL_DUE = "account.mail_due.v1";

export const MailId = z
  .string()
  .regex(/^mal_[0-9a-z]{1,40}$/)
  .brand<"mal">();
export type MailId = z.infer<typeof MailId>;

export const AccountMailDue = z.object({ mailId: MailId });

export const mailDue = (mailId: MailId, trace: string, occurredAt: string): Envelope => ({
  id: mailId,
  type: ACCOUNT_MAIL_DUE,
  occurredAt,
  trace,
  data: { mailId },
});
