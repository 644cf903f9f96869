import type { SignInMethod } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import { newId, SessionId, type UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { seal } from "../tokens/sealed-reference.ts";
import { tokenDesk } from "../tokens/token-desk.ts";
import { insertSession } from "./session-store.ts";

/** How long a session waits for the next refresh. */
export const SESSION_IDLE_MS = 30 * 24 * 60 * 60 * 1_000;
export const REFRESH_PURPOSE = "refresh";

type SessionIo = Pick<Io, "sql" | "clock" | "config">;

export type ProvenUser = {
  userId: UserId;
  /** `users.session_epoch` as it was read before the proof was checked. */
  epoch: number;
  /** All that was proven, in order: `["password", "totp"]`. */
  methods: readonly SignInMethod[];
  /** When, if that is not now: a session that takes another's place has not proven anything anew. */
  provenAtMs?: number;
};

/**
 * Signs somebody in who has proven who they are: a new session with its first tokens, whatever session
 * they had before. Refuses an account that was closed, or signed out everywhere, since the proof began.
 */
export async function openSession(
  io: SessionIo,
  { userId, epoch, methods, provenAtMs: authenticatedAtMs = io.clock.nowMs() }: ProvenUser,
): Promise<Result<SessionTokens, { code: "account_changed" }>> {
  const nowMs = io.clock.nowMs();
  const id = newId(SessionId, "ses");
  const expiresAtMs = nowMs + SESSION_IDLE_MS;
  const session = { id, userId, epoch, methods, authenticatedAtMs };
  const isOpen = await insertSession(io.sql, { ...session, nowMs, expiresAtMs });
  if (!isOpen) return err({ code: "account_changed" });
  return ok(await issueTokens(io, { ...session, generation: 1 }));
}

export type IssuedFor = Omit<ProvenUser, "provenAtMs"> & {
  id: SessionId;
  authenticatedAtMs: number;
  generation: number;
};

/** The tokens of one generation of a session: asked for twice, the refresh token is the same. */
export async function issueTokens(
  { config, clock }: Pick<Io, "config" | "clock">,
  { id, userId, epoch, methods, authenticatedAtMs, generation }: IssuedFor,
): Promise<SessionTokens> {
  const claims = {
    sub: userId,
    sid: id,
    epoch,
    auth_time: Math.floor(authenticatedAtMs / 1_000),
    amr: [...methods],
  };
  const [access, refreshToken] = await Promise.all([
    tokenDesk(config).signAccess(claims, clock.nowMs()),
    seal(config.AUTH_KEYS, { purpose: REFRESH_PURPOSE, reference: `${id}.${generation}` }),
  ]);
  return { accessToken: access.token, expiresIn: access.expiresInSeconds, refreshToken };
}
