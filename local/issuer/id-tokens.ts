import { createHash, randomUUID } from "node:crypto";
import {
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import type { Grant } from "./grants.ts";

/** Ways in which an ID token can be wrong. Each must be refused by whoever asked for it. */
export const ID_TOKEN_FAULTS = [
  "alg_none",
  "shared_secret",
  "unknown_key",
  "wrong_key",
  "wrong_issuer",
  "wrong_audience",
  "other_party",
  "wrong_nonce",
  "no_nonce",
  "wrong_access_token_hash",
  "expired",
  "no_expiry",
  "issued_in_future",
  "old",
] as const;
export type IdTokenFault = (typeof ID_TOKEN_FAULTS)[number];

export const isIdTokenFault = (value: unknown): value is IdTokenFault =>
  ID_TOKEN_FAULTS.includes(value as IdTokenFault);

type About = { issuer: string; clientId: string; grant: Grant; accessToken: string };
type KeyPair = { kid: string; privateKey: CryptoKey; publicKey: CryptoKey };

const LIFE_SECONDS = 3600;

/** Signs what the issuer says about people, rightly or in one of the wrong ways. */
export class IdTokens {
  readonly #nowMs: () => number;
  /** The newest signs; the one before is still published, as at a rotation. */
  #keys: Promise<KeyPair[]> | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async publicKeys(): Promise<JSONWebKeySet> {
    const keys = await this.#made();
    return {
      keys: await Promise.all(
        keys.map(async ({ kid, publicKey }) => ({
          ...(await exportJWK(publicKey)),
          kid,
          alg: "RS256",
          use: "sig",
        })),
      ),
    };
  }

  async rotate(): Promise<void> {
    const [newest] = await this.#made();
    this.#keys = newKeyPair().then((made) => (newest ? [made, newest] : [made]));
    await this.#keys;
  }

  async sign(about: About, fault: IdTokenFault | undefined): Promise<string> {
    const [key] = await this.#made();
    if (!key) throw new Error("no key");
    const claims = this.#claims(about, fault);
    if (fault === "alg_none") return new UnsecuredJWT(claims).encode();
    if (fault === "shared_secret") {
      // The public key taken for a secret: what a verifier without bound algorithms would accept.
      const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(key.publicKey)));
      return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: key.kid }).sign(secret);
    }
    const isForeign = fault === "unknown_key" || fault === "wrong_key";
    const { privateKey } = isForeign ? await newKeyPair() : key;
    const kid = fault === "unknown_key" ? randomUUID() : key.kid;
    return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid }).sign(privateKey);
  }

  #claims({ issuer, clientId, grant, accessToken }: About, fault?: IdTokenFault): JWTPayload {
    const now = Math.floor(this.#nowMs() / 1000);
    const { person, nonce } = grant;
    const hash = createHash("sha256").update(accessToken).digest().subarray(0, 16);
    const right = {
      iss: issuer,
      aud: clientId,
      azp: clientId,
      iat: now,
      exp: now + LIFE_SECONDS,
      at_hash: hash.toString("base64url"),
      ...(nonce === undefined ? {} : { nonce }),
      ...person,
    };
    const { nonce: _nonce, ...withoutNonce } = right;
    const { exp: _exp, ...withoutExpiry } = right;
    const faulty: Partial<Record<IdTokenFault, JWTPayload>> = {
      wrong_issuer: { ...right, iss: "https://issuer.example" },
      wrong_audience: { ...right, aud: "another-client" },
      other_party: { ...right, aud: [clientId, "another-client"], azp: "another-client" },
      wrong_nonce: { ...right, nonce: randomUUID() },
      no_nonce: withoutNonce,
      wrong_access_token_hash: { ...right, at_hash: "AAAAAAAAAAAAAAAAAAAAAA" },
      expired: { ...right, iat: now - 300, exp: now - 60 },
      no_expiry: withoutExpiry,
      issued_in_future: { ...right, iat: now + 120 },
      old: { ...right, iat: now - LIFE_SECONDS },
    };
    return (fault && faulty[fault]) ?? right;
  }

  #made(): Promise<KeyPair[]> {
    this.#keys ??= newKeyPair().then((made) => [made]);
    return this.#keys;
  }
}

async function newKeyPair(): Promise<KeyPair> {
  const pair = await generateKeyPair("RS256", { extractable: true });
  return { kid: randomUUID(), ...pair };
}
