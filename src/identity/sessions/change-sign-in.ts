import type { EdgeFeedBinding } from "../../platform/edge/index.ts";
import type { Shopper, SignInMethod } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import type { SqlSession } from "../../platform/sql/session.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { endOtherSessions, goOnAlone } from "./raise-session.ts";

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
 * Changes by what a user signs in. The change and the end of all their other sessions are one
 * transaction; the session that asked goes on with the tokens in the answer.
 */
export async function changeSignIn<E extends Refusal>(
  io: Io,
  env: EdgeFeedBinding,
  { shopper, proven = [], apply }: Change<E>,
): Promise<Result<SessionTokens, E | { code: "session_ended" }>> {
  const { userId, sessionId } = shopper;
  const methods = [...new Set([...shopper.methods, ...proven])];
  // A change that proves nothing is none of the shopper's own proofs: their time stays.
  const atMs = proven.length > 0 ? io.clock.nowMs() : shopper.authenticatedAtMs;
  try {
    const kept = await io.sql.transaction(async (tx) => {
      const applied = await apply(tx);
      if (!applied.ok) throw new RolledBack(applied.error);
      const nowMs = io.clock.nowMs();
      const raising = { userId, sessionId, methods, provenAtMs: atMs, nowMs };
      const only = await endOtherSessions(tx, raising);
      if (!only.ok) throw new RolledBack(only.error);
      return only.value;
    });
    return ok(await goOnAlone(io, env, kept));
  } catch (error) {
    if (error instanceof RolledBack) return err(error.refusal as E);
    throw error;
  }
}
