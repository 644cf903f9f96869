import type { RegistrationResponseJSON } from "@simplewebauthn/server";
import { base64url } from "jose";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Assertion, NewCredential } from "./model.ts";
import type { RelyingParty } from "./relying-party.ts";

// The library is large and most isolates never see a passkey: it is loaded at the first one.
const library = () => import("@simplewebauthn/server");
const helpers = () => import("@simplewebauthn/server/helpers");

/** COSE: EdDSA, ES256, RS256. */
export const ALGORITHMS = [-8, -7, -257];

/** `reason` is the library's own text, for logs. */
type Refused = { code: "passkey_refused"; reason: string };

export type VerifiedCredential = { id: string; publicKey: string; counter: number };

/**
 * Verifies a new credential: its challenge, type, origin and domain, that the user was present and
 * verified, and the kind of its key. Who made the authenticator is not asked: an attestation that comes
 * all the same is dropped unread, with the certificates in it and the addresses in those.
 */
export async function verifyCredential(
  credential: NewCredential,
  { challenge, party }: { challenge: string; party: RelyingParty },
): Promise<Result<VerifiedCredential, Refused>> {
  const { verifyRegistrationResponse } = await library();
  return refusing(async () => {
    if (await isFramed(credential.response.clientDataJSON)) return refused("another site's frame");
    const { attestationObject } = credential.response;
    const response: RegistrationResponseJSON = {
      ...credential,
      response: {
        clientDataJSON: credential.response.clientDataJSON,
        attestationObject: await withoutAttestation(attestationObject),
      },
      clientExtensionResults: {},
    };
    const { registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: base64url.encode(challenge),
      expectedOrigin: party.origins,
      expectedRPID: party.id,
      requireUserPresence: true,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!registrationInfo) return refused("not verified");
    const { id, publicKey, counter } = registrationInfo.credential;
    if (id !== credential.id) return refused("another credential's id");
    return ok({ id, publicKey: base64url.encode(publicKey), counter });
  });
}

/** Verifies a signature by a known credential. The counter in the answer is the authenticator's, unjudged. */
export async function verifyAssertion(
  assertion: Assertion,
  { challenge, party, publicKey }: { challenge: string; party: RelyingParty; publicKey: string },
): Promise<Result<{ counter: number }, Refused>> {
  const { verifyAuthenticationResponse } = await library();
  return refusing(async () => {
    if (await isFramed(assertion.response.clientDataJSON)) return refused("another site's frame");
    const { userHandle, ...signed } = assertion.response;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        ...assertion,
        response: { ...signed, ...(userHandle ? { userHandle } : {}) },
        clientExtensionResults: {},
      },
      expectedChallenge: base64url.encode(challenge),
      expectedOrigin: party.origins,
      expectedRPID: party.id,
      requireUserVerification: true,
      // Judged where it is stored: of two signatures at once only the database knows which came first.
      credential: {
        id: assertion.id,
        publicKey: new Uint8Array(base64url.decode(publicKey)),
        counter: 0,
      },
    });
    return verified ? ok({ counter: authenticationInfo.newCounter }) : refused("bad signature");
  });
}

/** Whether the page that asked stands in a page of another site, which ours never do. */
async function isFramed(clientDataJSON: string): Promise<boolean> {
  const { decodeClientDataJSON } = await helpers();
  const { crossOrigin, topOrigin } = decodeClientDataJSON(clientDataJSON);
  return Boolean(crossOrigin) || topOrigin !== undefined;
}

async function withoutAttestation(attestationObject: string): Promise<string> {
  const { decodeAttestationObject, isoBase64URL, isoCBOR } = await helpers();
  const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const parts: [string, string | Uint8Array | Map<string, string>][] = [
    ["fmt", "none"],
    ["attStmt", new Map<string, string>()],
    ["authData", decoded.get("authData")],
  ];
  return isoBase64URL.fromBuffer(isoCBOR.encode(new Map(parts)));
}

/** What the library throws is about what the client has sent, and no fault of ours. */
async function refusing<T>(verify: () => Promise<Result<T, Refused>>): Promise<Result<T, Refused>> {
  try {
    return await verify();
  } catch (error) {
    return refused(error instanceof Error ? error.message : "not readable");
  }
}

const refused = (reason: string) => err({ code: "passkey_refused", reason });
