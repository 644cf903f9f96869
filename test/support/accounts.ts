import { env } from "cloudflare:workers";
import { and, eq, isNotNull } from "drizzle-orm";
import { MailId, mailDue } from "../../src/identity/mails/mail-events.ts";
import type { SessionTokens } from "../../src/identity/model.ts";
import { hashPassword } from "../../src/identity/passwords/check-password.ts";
import { accountMails, passwords, users } from "../../src/identity/schema.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { newId, UserId } from "../../src/shared/ids.ts";
import comms from "../../workers/comms/index.ts";
import { mailsTo } from "../orders/world.ts";
import { deliver } from "../workers/deliver.ts";
import { call } from "./worker-shop.ts";

export const PASSWORD = "correct horse battery";

const ioOfTest = () => openIo(env, "test");
let hashed: Promise<string> | undefined;

/** The hash of `PASSWORD`, made once: it is slow on purpose. */
async function hashOfPassword(): Promise<string> {
  hashed ??= hashPassword(ioOfTest().config, PASSWORD);
  return hashed;
}

export type Account = { userId: UserId; email: string };

/** A mailbox of a test's own. */
export const ownEmail = () => `shopper-${crypto.randomUUID()}@example.com`;

/** An account as a verified registration makes it, without the way there. */
export async function makeAccount(email = ownEmail()): Promise<Account> {
  const { sql } = ioOfTest();
  const userId = newId(UserId, "usr");
  const atMs = Date.now();
  const times = { createdAtMs: atMs, updatedAtMs: atMs };
  const user = { id: userId, email, emailKey: email, status: "active", sessionEpoch: 1 } as const;
  await sql.insert(users).values({ ...user, ...times });
  await sql.insert(passwords).values({ userId, hash: await hashOfPassword(), changedAtMs: atMs });
  return { userId, email };
}

export const logIn = (email: string, password = PASSWORD, headers: Record<string, string> = {}) =>
  call<SessionTokens>("POST", "/api/v2/auth/login", { body: { email, password }, headers });

/** An account that is signed in. */
export async function signedIn(): Promise<Account & SessionTokens> {
  const account = await makeAccount();
  const { status, body } = await logIn(account.email);
  if (status !== 200) throw new Error(`signing in answered ${status}`);
  return { ...account, ...body };
}

export const bearer = ({ accessToken }: Pick<SessionTokens, "accessToken">) => ({
  Authorization: `Bearer ${accessToken}`,
});

/** Has every mail sent that is due to an address, as the queue would; answers all that ever arrived. */
export async function receiveMails(email: string, sentTo = email) {
  const due = await ioOfTest()
    .sql.select({ id: accountMails.id })
    .from(accountMails)
    .where(and(eq(accountMails.emailKey, email.toLowerCase()), isNotNull(accountMails.sendDueMs)));
  const messages = due.map(({ id }) => mailDue(MailId.parse(id), "test", new Date().toISOString()));
  if (messages.length > 0) await deliver(comms, "comms", messages);
  return mailsTo(sentTo);
}

/** The token behind a mail's link. */
export function linkToken({ text }: { text?: string }): string {
  const token = /#token=(\S+)/.exec(text ?? "")?.[1];
  if (token === undefined) throw new Error(`no link in ${text}`);
  return token;
}
