import type { Io } from "../../platform/io/io.ts";
import { enqueue } from "../../platform/queues/envelope.ts";
import { logError, logInfo } from "../../platform/telemetry/log.ts";
import { timestamp } from "../../shared/clock.ts";
import { sha256Hex } from "../../shared/digest.ts";
import { randomSuffix, type UserId } from "../../shared/ids.ts";
import type { Email } from "../email.ts";
import type { MailPurpose } from "../model.ts";
import { type AccountMailQueue, accountMailQueue } from "../stub.ts";
import { MailId, mailDue } from "./mail-events.ts";
import { insertMail, listDueMails, postponeMail, settleMail } from "./mail-store.ts";

const HOUR_MS = 60 * 60_000;
/** How long the link in a mail is good, and how long a mail without a link is worth sending. */
const LIFE_MS: Record<MailPurpose, number> = {
  register: 24 * HOUR_MS,
  resend: HOUR_MS,
  reset: HOUR_MS,
  change_email: HOUR_MS,
  email_changed: 24 * HOUR_MS,
  password_changed: 24 * HOUR_MS,
  sign_in_changed: 24 * HOUR_MS,
};
/** A mail that was not sent by then is queued again by the sweep. */
const SEND_WITHIN_MS = 2 * 60_000;

export type MailIo = Pick<Io, "sql" | "clock" | "meter" | "trace">;

export type MailRequest = {
  purpose: MailPurpose;
  email: Email;
  /** The request's `Idempotency-Key`. The same one, for the same mailbox and purpose, asks for one mail. */
  key?: string | undefined;
  passwordHash?: string;
  userId?: UserId;
};

/**
 * Has a mail written to an address. It looks nobody up: whether there is an account, and so which mail
 * it is or whether there is one, is found out by the consumer. So asking takes the same steps, and tells
 * the same, for every address. Once this has answered the mail will go out, whatever crashes.
 */
export async function requestMail(
  io: MailIo,
  env: AccountMailQueue,
  request: MailRequest,
): Promise<Requested> {
  const id = await idOf(request);
  const isNew = await insert(io, id, request);
  // A repeat need not queue it again: whoever died before the first could leaves it to the sweep.
  if (isNew) await queueOrLeave(io, env, id);
  return { id, isNew };
}

type Requested = { id: MailId; isNew: boolean };

/** By the key where there is one, so that the database decides which of two requests was the first. */
async function idOf({ purpose, email, key }: MailRequest): Promise<MailId> {
  if (key === undefined) return newMailId();
  const digest = await sha256Hex(`${purpose}\n${email.key}\n${key}`);
  return MailId.parse(`mal_${digest.slice(0, 32)}`);
}

const newMailId = () => MailId.parse(`mal_${randomSuffix()}`);

/**
 * The first half of `requestMail`, for a transaction that the mail is about; `queueOrLeave` is for after it.
 * Whoever never gets there leaves the mail to the sweep.
 */
export async function noteMail(
  io: Pick<Io, "sql" | "clock">,
  request: Omit<MailRequest, "key">,
): Promise<MailId> {
  const id = newMailId();
  await insert(io, id, request);
  return id;
}

function insert(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  id: MailId,
  { purpose, email, passwordHash, userId }: MailRequest,
): Promise<boolean> {
  const nowMs = clock.nowMs();
  return insertMail(sql, {
    id,
    purpose,
    email,
    ...(passwordHash === undefined ? {} : { passwordHash }),
    ...(userId === undefined ? {} : { userId }),
    createdAtMs: nowMs,
    expiresAtMs: nowMs + LIFE_MS[purpose],
    sendDueMs: nowMs + SEND_WITHIN_MS,
  });
}

/** Queues a mail that was noted. Never throws: the sweep finds what could not be queued. */
export async function queueOrLeave(io: MailIo, env: AccountMailQueue, id: MailId): Promise<void> {
  try {
    const message = mailDue(id, io.trace, timestamp(io.clock.nowMs()));
    await enqueue(accountMailQueue(env), [message], io.meter);
  } catch (error) {
    logError("identity.mail_left_to_sweep", error, { mailId: id, trace: io.trace });
  }
}

const SWEEP_MAX = 200;

/** Queues the mails again that nobody has sent so far. One that has ended is not worth sending. */
export async function sweepMails(
  io: MailIo,
  env: AccountMailQueue,
): Promise<{ swept: number; failed: number }> {
  const nowMs = io.clock.nowMs();
  const sweep = { swept: 0, failed: 0 };
  for (const row of await listDueMails(io.sql, { dueMs: nowMs, limit: SWEEP_MAX })) {
    const id = MailId.parse(row.id);
    if (row.expiresAtMs <= nowMs) {
      await settleMail(io.sql, id);
      logInfo("identity.mail_given_up", { mailId: id, purpose: row.purpose });
      sweep.failed += 1;
      continue;
    }
    // First, so that mails which the queue takes but nobody sends do not come back at once.
    await postponeMail(io.sql, id, nowMs + SEND_WITHIN_MS);
    await queueOrLeave(io, env, id);
    sweep.swept += 1;
  }
  return sweep;
}
