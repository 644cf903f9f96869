import type { EdgeFeedBinding } from "../../platform/edge/index.ts";
import type { Shopper, SignInMethod } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { emailOf } from "../email.ts";
import type { MailId } from "../mails/mail-events.ts";
import { noteMail, queueOrLeave } from "../mails/request-mail.ts";
import type { SessionTokens } from "../model.ts";
import type { AccountMailQueue } from "../stub.ts";
import { findCredential } from "../user-store.ts";
import type { IssuedFor } from "./open-session.ts";
import { endOtherSessions, goOnAlone } from "./raise-session.ts";

export type ChangeEnv = EdgeFeedBinding & AccountMailQueue;

type Refusal = { code: string };
type Change<E extends Refusal> = {
  shopper: Shopper;
  /** What the change itself has proven, beside what the session knows. */
  proven?: readonly SignInMethod[];
  /** Writes it, or refuses. */
  apply(tx: SqlSession): Promise<Result<unknown, E>>;
};

/** Takes a refusal out through the driver, which rolls back only for what is thrown. */
class RolledBack<E> extends Error {
  readonly refusal: E;

  constructor(refusal: E) {
    super("rolled back");
    this.refusal = refusal;
  }
}

/**
 * Changes by what a user signs in. The change, the end of all their other sessions and the mail that tells
 * them are one transaction; the session that asked goes on with the tokens in the answer.
 */
export async function changeSignIn<E extends Refusal>(
  io: Io,
  env: ChangeEnv,
  change: Change<E>,
): Promise<Result<SessionTokens, E | { code: "session_ended" }>> {
  try {
    const { kept, mailId } = await io.sql.transaction((tx) => applyChange(io, tx, change));
    const [tokens] = await Promise.all([goOnAlone(io, env, kept), queueOrLeave(io, env, mailId)]);
    return ok(tokens);
  } catch (error) {
    if (error instanceof RolledBack) return err(error.refusal as E);
    throw error;
  }
}

async function applyChange<E extends Refusal>(
  { clock }: Pick<Io, "clock">,
  tx: SqlSession,
  { shopper, proven = [], apply }: Change<E>,
): Promise<{ kept: IssuedFor; mailId: MailId }> {
  const { userId, sessionId } = shopper;
  const nowMs = clock.nowMs();
  const applied = await apply(tx);
  if (!applied.ok) throw new RolledBack(applied.error);
  const only = await endOtherSessions(tx, {
    userId,
    sessionId,
    methods: [...new Set([...shopper.methods, ...proven])],
    // A change that proves nothing leaves the time of the last proof as it is.
    provenAtMs: proven.length > 0 ? nowMs : shopper.authenticatedAtMs,
    nowMs,
  });
  if (!only.ok) throw new RolledBack(only.error);
  const user = await findCredential(tx, { userId });
  if (!user) throw new RolledBack({ code: "session_ended" });
  const email = emailOf(user.email);
  const mailId = await noteMail({ sql: tx, clock }, { purpose: "sign_in_changed", email });
  return { kept: only.value, mailId };
}
