import { z } from "zod";
import { AccountMailDue, composeMail, mailIsDone } from "../identity/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { Envelope } from "../platform/queues/envelope.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { accountMail } from "./account-mail.ts";
import type { MailProvider } from "./model.ts";

export type AccountTelling =
  | { kind: "done" }
  | { kind: "malformed"; reason: string }
  | { kind: "refused"; reason: string };

/**
 * Writes a mail about an account, once: a repeat finds it done, or meets the provider under the same key.
 * The key names the template too, since what there is to say may have changed between two attempts.
 */
export async function tellAccount(
  io: Io,
  mail: MailProvider,
  event: Envelope,
): Promise<AccountTelling> {
  const read = AccountMailDue.safeParse(event.data);
  if (!read.success) return { kind: "malformed", reason: z.prettifyError(read.error) };
  const { mailId } = read.data;
  const composed = await composeMail(io, mailId);
  if (!composed) {
    await mailIsDone(io, mailId);
    return { kind: "done" };
  }
  const { template } = composed;
  const outcome = await mail.send(accountMail(composed), `${mailId}:${template}`);
  await mailIsDone(io, mailId);
  if (outcome.kind === "refused")
    return { kind: "refused", reason: `${template}: ${outcome.reason}` };
  logInfo("comms.account_told", { template, mailId, trace: io.trace });
  return { kind: "done" };
}
