import { base64url } from "jose";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import type { UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { useOnce } from "../tokens/use-once.ts";
import { type ChallengeUse, readChallenge } from "./challenge.ts";
import type { Assertion } from "./model.ts";
import { findPasskey, usePasskey } from "./passkey-store.ts";
import { relyingPartyOf } from "./relying-party.ts";
import { verifyAssertion } from "./webauthn.ts";

export type GivenPasskey = { challengeToken: string; credential: Assertion };
export type PasskeyRefusal = { code: "passkey_refused" };

/**
 * Whose passkey signed the challenge, by a device that verified its user: something they have and something
 * they are or know. Each challenge is good once. Why it was refused is for logs alone.
 */
export async function provePasskey(
  io: Io,
  { challengeToken, credential }: GivenPasskey,
  expected: { use: ChallengeUse; userId?: UserId },
): Promise<Result<UserId, PasskeyRefusal>> {
  const refuse = (reason: string) => {
    logInfo("identity.passkey_refused", { reason, trace: io.trace });
    return err({ code: "passkey_refused" });
  };
  const step = await readChallenge(io, challengeToken, expected);
  if (!step) return refuse("challenge");
  const passkey = await findPasskey(io.sql, credential.id);
  if (!passkey) return refuse("unknown credential");
  const { id, userId, publicKey } = passkey;
  if (expected.userId !== undefined && userId !== expected.userId) return refuse("another user's");
  const { userHandle } = credential.response;
  // Who is not known yet must be named by the key, and whoever is named be who it was made for.
  const isNamed = userHandle
    ? userHandle === base64url.encode(userId)
    : expected.userId !== undefined;
  if (!isNamed) return refuse("user handle");

  const party = relyingPartyOf(io.config);
  const verified = await verifyAssertion(credential, { challenge: step.jti, party, publicKey });
  if (!verified.ok) return refuse(verified.error.reason);
  if (!(await useOnce(io, step))) return refuse("challenge used before");
  const { counter } = verified.value;
  const isGrown = await usePasskey(io.sql, { id, counter, nowMs: io.clock.nowMs() });
  return isGrown ? ok(userId) : refuse("counter went back: copied?");
}
