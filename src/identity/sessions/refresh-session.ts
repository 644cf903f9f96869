import type { EdgeFeedBinding } from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { SessionId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { unseal } from "../tokens/sealed-reference.ts";
import { closeSession } from "./close-session.ts";
import { judgeRefresh } from "./judge-refresh.ts";
import { issueTokens, REFRESH_PURPOSE, SESSION_IDLE_MS } from "./open-session.ts";
import { findSession, rotateSession } from "./session-store.ts";

/** The session and generation that a refresh token is for; undefined for what is none of ours. */
export async function readRefreshToken(
  { config }: Pick<Io, "config">,
  token: string,
): Promise<{ id: SessionId; generation: number } | undefined> {
  const reference = await unseal(config.AUTH_KEYS, REFRESH_PURPOSE, token);
  const [, id, generation] = /^(ses_[0-9a-z]+)\.(\d{1,9})$/.exec(reference ?? "") ?? [];
  return id === undefined ? undefined : { id: SessionId.parse(id), generation: Number(generation) };
}

/**
 * Exchanges a refresh token for the next. The database decides which of two at once rotates; the other,
 * and whoever repeats because no answer came, gets the very same successor. A token that was replaced
 * before that ends its whole session.
 */
export async function refreshSession(
  io: Io,
  env: EdgeFeedBinding,
  token: string,
): Promise<Result<SessionTokens, { code: "refresh_refused" }>> {
  const offered = await readRefreshToken(io, token);
  if (!offered) return err({ code: "refresh_refused" });
  const { id, generation } = offered;
  const nowMs = io.clock.nowMs();
  const expiresAtMs = nowMs + SESSION_IDLE_MS;
  const rotated = await rotateSession(io.sql, { id, generation, nowMs, expiresAtMs });
  const session = await findSession(io.sql, id);
  if (!session) return err({ code: "refresh_refused" });
  const verdict = judgeRefresh({ offered: generation, rotated, session, nowMs });
  if (verdict === "successor") {
    return ok(await issueTokens(io, { ...session, id, generation: generation + 1 }));
  }
  if (verdict === "reuse") {
    logInfo("identity.refresh_reused", { sessionId: id, userId: session.userId, trace: io.trace });
    await closeSession(io, env, id, "reuse");
  }
  return err({ code: "refresh_refused" });
}
