import { noteAct } from "../../platform/audit/note-act.ts";
import type { EdgeFeedBinding } from "../../platform/edge/index.ts";
import type { Shopper, SignInMethod } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { emailOf } from "../email.ts";
import type { MailId } from "../mails/mail-events.ts";
import { noteMail, queueOrLeave } from "../mails/request-mail.ts";
import type { SessionTokens } from "../model.ts";
import type { AccountMailQueue } from "../stub.ts";
import { findCredential, raiseEpoch } from "../user-store.ts";
import { type Closed, tellEpoch } from "./close-session.ts";
import type { IssuedFor } from "./open-session.ts";
import { endOtherSessions, goOnAlone } from "./raise-session.ts";

export type ChangeEnv = EdgeFeedBinding & AccountMailQueue;

type Refusal = { code: string };
/** What the audit log says was done: `account.passkey_added`. */
type Action = `account.${string}`;
type Change<E extends Refusal> = {
  shopper: Shopper;
  action: Action;
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
  const applied = await unlessRefused<Applied, E | { code: "session_ended" }>(() =>
    io.sql.transaction(async (tx) => {
      const done = await applyChange(io, tx, change);
      const { userId, sessionId } = change.shopper;
      const target = { userId, sessionId };
      await noteAct(tx, io, { actor: userId, action: change.action, target });
      return done;
    }),
  );
  if (!applied.ok) return applied;
  const { kept, mailId } = applied.value;
  const [tokens] = await Promise.all([goOnAlone(io, env, kept), queueOrLeave(io, env, mailId)]);
  return ok(tokens);
}

/**
 * The same for a change that no session of the user's asked for, such as one by an issuer's word or by
 * staff: all sessions end.
 */
export async function changeSignInEndingAll<E extends Refusal>(
  io: Io,
  env: ChangeEnv,
  {
    userId,
    reason,
    action,
    apply,
  }: { userId: UserId; reason: string } & Pick<Change<E>, "apply"> & {
      /** Undefined where the audit log has it already, under the name of who did it. */
      action?: Action;
    },
): Promise<Result<Closed, E | { code: "account_changed" }>> {
  const { clock } = io;
  const ended = await unlessRefused<
    { epoch: number; mailId: MailId },
    E | { code: "account_changed" }
  >(() =>
    io.sql.transaction(async (tx) => {
      // The user's row first, as every change of how they sign in takes it.
      const epoch = await raiseEpoch(tx, userId, clock.nowMs());
      const applied = await apply(tx);
      if (!applied.ok) throw new RolledBack(applied.error);
      const user = await findCredential(tx, { userId });
      if (epoch === undefined || user?.status !== "active") {
        throw new RolledBack({ code: "account_changed" });
      }
      if (action) await noteAct(tx, io, { actor: userId, action, target: { userId } });
      return { epoch, mailId: await noteChange({ sql: tx, clock }, user) };
    }),
  );
  if (!ended.ok) return ended;
  const { epoch, mailId } = ended.value;
  const [closed] = await Promise.all([
    tellEpoch(io, env, { userId, epoch, reason }),
    queueOrLeave(io, env, mailId),
  ]);
  return ok(closed);
}

const noteChange = (io: Pick<Io, "sql" | "clock">, { email }: { email: string }) =>
  noteMail(io, { purpose: "sign_in_changed", email: emailOf(email) });

/** The refusal that was thrown to roll back, as the value that it was. */
async function unlessRefused<T, E extends Refusal>(
  change: () => Promise<T>,
): Promise<Result<T, E>> {
  try {
    return ok(await change());
  } catch (error) {
    if (error instanceof RolledBack) return err(error.refusal as E);
    throw error;
  }
}

type Applied = { kept: IssuedFor; mailId: MailId };

async function applyChange<E extends Refusal>(
  { clock }: Pick<Io, "clock">,
  tx: SqlSession,
  { shopper, proven = [], apply }: Change<E>,
): Promise<Applied> {
  const { userId, sessionId, epoch } = shopper;
  const nowMs = clock.nowMs();
  // First, because it takes the user's row: of two changes at once one waits here, instead of both for each
  // other's rows further on.
  const only = await endOtherSessions(tx, {
    userId,
    sessionId,
    epoch,
    methods: [...new Set([...shopper.methods, ...proven])],
    // A change that proves nothing leaves the time of the last proof as it is.
    provenAtMs: proven.length > 0 ? nowMs : shopper.authenticatedAtMs,
    nowMs,
  });
  if (!only.ok) throw new RolledBack(only.error);
  const applied = await apply(tx);
  if (!applied.ok) throw new RolledBack(applied.error);
  const user = await findCredential(tx, { userId });
  if (!user) throw new RolledBack({ code: "session_ended" });
  return { kept: only.value, mailId: await noteChange({ sql: tx, clock }, user) };
}
