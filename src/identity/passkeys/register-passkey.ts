import { base64url } from "jose";
import type { Shopper } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { newId, PasskeyId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { type ChangeEnv, changeSignIn } from "../sessions/change-sign-in.ts";
import { useOnce } from "../tokens/use-once.ts";
import { findCredential } from "../user-store.ts";
import { descriptor, newChallenge, readChallenge, TIMEOUT_MS } from "./challenge.ts";
import type { CreationOptions, NewCredential, PasskeyView } from "./model.ts";
import { insertPasskey, listPasskeys, PASSKEYS_MAX } from "./passkey-store.ts";
import { passkeyView } from "./passkey-view.ts";
import { relyingPartyOf } from "./relying-party.ts";
import { ALGORITHMS, verifyCredential } from "./webauthn.ts";

export type OptionsRefusal = { code: "session_ended" } | { code: "passkey_limit"; max: number };

/** What a browser needs to make a passkey for this user. */
export async function registrationOptions(
  io: Io,
  { userId }: Pick<Shopper, "userId">,
): Promise<Result<{ challengeToken: string; publicKey: CreationOptions }, OptionsRefusal>> {
  const [user, known, made] = await Promise.all([
    findCredential(io.sql, { userId }),
    listPasskeys(io.sql, userId),
    newChallenge(io, "register", userId),
  ]);
  if (!user) return err({ code: "session_ended" });
  if (known.length >= PASSKEYS_MAX) return err({ code: "passkey_limit", max: PASSKEYS_MAX });
  const { id, name } = relyingPartyOf(io.config);
  return ok({
    challengeToken: made.challengeToken,
    publicKey: {
      rp: { id, name },
      // The handle comes back at sign-in; it is no address, because authenticators show and keep it.
      user: { id: base64url.encode(userId), name: user.email, displayName: user.email },
      challenge: made.challenge,
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
      timeout: TIMEOUT_MS,
      excludeCredentials: known.map(descriptor),
      authenticatorSelection: {
        residentKey: "required",
        requireResidentKey: true,
        userVerification: "required",
      },
      attestation: "none",
    },
  });
}

export type Registration = { challengeToken: string; credential: NewCredential; name: string };
export type RegisterRefusal =
  | { code: "passkey_refused" }
  | { code: "passkey_known" }
  | { code: "session_ended" };

/** Adds a passkey. Ends all other sessions, as every change of how somebody signs in does. */
export async function registerPasskey(
  io: Io,
  env: ChangeEnv,
  { shopper, challengeToken, credential, name }: Registration & { shopper: Shopper },
): Promise<Result<SessionTokens & { passkey: PasskeyView }, RegisterRefusal>> {
  const { userId } = shopper;
  const step = await readChallenge(io, challengeToken, { use: "register", userId });
  if (!step) return err({ code: "passkey_refused" });
  const party = relyingPartyOf(io.config);
  const verified = await verifyCredential(credential, { challenge: step.jti, party });
  if (!verified.ok) {
    const { reason } = verified.error;
    logInfo("identity.passkey_refused", { userId, reason, trace: io.trace });
    return err({ code: "passkey_refused" });
  }
  if (!(await useOnce(io, step))) return err({ code: "passkey_refused" });

  const { id: credentialId, publicKey, counter } = verified.value;
  const transports = (credential.response.transports ?? []).filter(isTransport).join(",");
  const made = { id: newId(PasskeyId, "pky"), userId, name, createdAtMs: io.clock.nowMs() };
  const changed = await changeSignIn(io, env, {
    shopper,
    action: "account.passkey_added",
    proven: ["passkey"],
    apply: (tx) => insertPasskey(tx, { ...made, credentialId, publicKey, counter, transports }),
  });
  if (!changed.ok) return changed;
  logInfo("identity.passkey_added", { userId, passkeyId: made.id, trace: io.trace });
  return ok({ ...changed.value, passkey: passkeyView({ ...made, lastUsedAtMs: null }) });
}

const isTransport = (text: string) => /^[a-z-]+$/.test(text);
