import type { EdgeFeedBinding } from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { isDuplicateKey } from "../../platform/sql/errors.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { newId, UserId } from "../../shared/ids.ts";
import { type Email, emailOf } from "../email.ts";
import { noteMail, queueOrLeave } from "../mails/request-mail.ts";
import { users } from "../schema.ts";
import { tellEpoch } from "../sessions/close-session.ts";
import type { AccountMailQueue } from "../stub.ts";
import { findCredential, raiseEpoch } from "../user-store.ts";
import { insertIdentity, type OidcIdentity } from "./identity-store.ts";

type Identity = Pick<OidcIdentity, "issuer" | "subject">;

/** Leaves a transaction whose other half was taken by somebody faster. */
class Overtaken extends Error {}

/** Makes an account of an address that the issuer has verified, without a password. Nothing, if somebody was faster. */
export async function createAccount(
  { sql, clock, trace }: Io,
  { email, issuer, subject }: Identity & { email: Email },
): Promise<void> {
  const nowMs = clock.nowMs();
  const userId = newId(UserId, "usr");
  try {
    await sql.transaction(async (tx) => {
      await tx.insert(users).values({
        id: userId,
        email: email.address,
        emailKey: email.key,
        status: "active",
        sessionEpoch: 1,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      });
      const identity = { userId, issuer, subject, linkedAtMs: nowMs };
      if (!(await insertIdentity(tx, identity))) throw new Overtaken();
    });
  } catch (error) {
    if (error instanceof Overtaken || isDuplicateKey(error)) return;
    throw error;
  }
  logInfo("identity.account_made", { userId, issuer, trace });
}

/**
 * Links an identity with the account that has its address. All sessions end: whoever opened them did not
 * come this way, and the owner is told by mail. Nothing, if somebody was faster.
 */
export async function linkFound(
  io: Io,
  env: EdgeFeedBinding & AccountMailQueue,
  { userId, issuer, subject }: Identity & { userId: UserId },
): Promise<void> {
  const { sql, clock, trace } = io;
  const nowMs = clock.nowMs();
  const linked = await sql.transaction(async (tx) => {
    if (!(await insertIdentity(tx, { userId, issuer, subject, linkedAtMs: nowMs }))) return;
    const epoch = await raiseEpoch(tx, userId, nowMs);
    const user = await findCredential(tx, { userId });
    if (epoch === undefined || !user) return;
    const email = emailOf(user.email);
    const mailId = await noteMail({ sql: tx, clock }, { purpose: "sign_in_changed", email });
    return { epoch, mailId };
  });
  if (!linked) return;
  logInfo("identity.oidc_linked", { userId, issuer, trace });
  const { epoch, mailId } = linked;
  await Promise.all([
    tellEpoch(io, env, { userId, epoch, reason: "oidc_linked" }),
    queueOrLeave(io, env, mailId),
  ]);
}
