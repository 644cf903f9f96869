import { base64url } from "jose";
import type { Io } from "../../platform/io/io.ts";
import { randomSuffix, type UserId } from "../../shared/ids.ts";
import type { StepClaims } from "../tokens/token-claims.ts";
import { type Step, tokenDesk } from "../tokens/token-desk.ts";
import type { RequestOptions } from "./model.ts";
import type { Passkey } from "./passkey-store.ts";
import { relyingPartyOf } from "./relying-party.ts";

const TTL_SECONDS = 5 * 60;
export const TIMEOUT_MS = TTL_SECONDS * 1_000;

/** What a challenge was made for. One for signing in registers nothing, and so on. */
const STEPS = {
  register: { name: "passkey-register", ttlSeconds: TTL_SECONDS },
  sign_in: { name: "passkey-sign-in", ttlSeconds: TTL_SECONDS },
  step_up: { name: "passkey-step-up", ttlSeconds: TTL_SECONDS },
} as const satisfies Record<string, Step>;
export type ChallengeUse = keyof typeof STEPS;

/** Of who is not known yet. */
const NOBODY = "anybody";

type ChallengeIo = Pick<Io, "config" | "clock">;

export type Challenge = {
  /** Comes back with what was signed. It is the only thing that remembers the challenge. */
  challengeToken: string;
  /** Base64url, as browsers take it. */
  challenge: string;
};

/** A fresh challenge for one use and, unless they are not known yet, for one user. Nothing is stored. */
export async function newChallenge(
  { config, clock }: ChallengeIo,
  use: ChallengeUse,
  userId?: UserId,
): Promise<Challenge> {
  const jti = randomSuffix();
  const claims = { sub: userId ?? NOBODY, jti, data: {} };
  const signed = await tokenDesk(config).signStep(STEPS[use], claims, clock.nowMs());
  return { challengeToken: signed.token, challenge: base64url.encode(jti) };
}

/** The claims of a challenge of ours, for that use and that user; `jti` is the challenge. */
export async function readChallenge(
  { config, clock }: ChallengeIo,
  token: string,
  { use, userId }: { use: ChallengeUse; userId?: UserId | undefined },
): Promise<StepClaims | undefined> {
  const claims = await tokenDesk(config).readStep(STEPS[use], token, clock.nowMs());
  return claims?.sub === (userId ?? NOBODY) ? claims : undefined;
}

/** For `navigator.credentials.get`. Nobody is named to who is not known: that would say who has an account. */
export function requestOptions(
  { config }: Pick<Io, "config">,
  challenge: string,
  allowed: readonly Passkey[],
): RequestOptions {
  return {
    challenge,
    rpId: relyingPartyOf(config).id,
    timeout: TIMEOUT_MS,
    userVerification: "required",
    allowCredentials: allowed.map(descriptor),
  };
}

export const descriptor = ({ credentialId, transports }: Passkey) => ({
  type: "public-key" as const,
  id: credentialId,
  transports: transports.split(",").filter(Boolean),
});
