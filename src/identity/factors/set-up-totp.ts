import type { Io } from "../../platform/io/io.ts";
import { timestamp } from "../../shared/clock.ts";
import type { UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { findCredential } from "../user-store.ts";
import { encryptSecret } from "./secret-at-rest.ts";
import { base32, otpauthUri } from "./totp.ts";
import { keepPending } from "./totp-store.ts";

/** As long as SHA-1's output, which RFC 4226 recommends. */
const SECRET_BYTES = 20;
const PENDING_MS = 10 * 60_000;

export type TotpSetup = { secret: string; otpauthUri: string; expiresAt: string };

/**
 * Hands out the secret of a new authenticator app, this once. It is asked for at sign-in only after a code
 * of it was shown; until then one that is already in use stays.
 */
export async function setUpTotp(
  io: Io,
  userId: UserId,
): Promise<Result<TotpSetup, { code: "session_ended" }>> {
  const known = await findCredential(io.sql, { userId });
  // An access token outlives its account by a moment.
  if (!known) return err({ code: "session_ended" });
  const { AUTH_KEYS, PUBLIC_URL } = io.config;
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const untilMs = io.clock.nowMs() + PENDING_MS;
  const encrypted = await encryptSecret(AUTH_KEYS.seals, userId, secret);
  await keepPending(io.sql, userId, { secret: encrypted, untilMs });
  const issuer = new URL(PUBLIC_URL).hostname;
  return ok({
    secret: base32(secret),
    otpauthUri: otpauthUri(secret, { issuer, account: known.email }),
    expiresAt: timestamp(untilMs),
  });
}
