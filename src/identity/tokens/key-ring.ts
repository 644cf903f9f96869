import { importJWK } from "jose";
import type { AccessKey } from "../../platform/config/auth-keys.ts";

/** A key that verifies, and signs where its private part is known. */
type ReadyKey = { verify: CryptoKey | Uint8Array; sign: CryptoKey | Uint8Array | undefined };

/** The public part of a key, as `/.well-known/jwks.json` shows it. */
export type PublicJwk = { kid: string; alg: string; use: "sig" } & Record<string, string>;

/**
 * The keys of access tokens by `kid`, and nothing else: no key is ever fetched, or taken from a token.
 * A key is imported at its first use; only what was imported is kept, since the runtime may drop the
 * request that waits for an import.
 */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, AccessKey>;
  readonly #ready = new Map<string, ReadyKey>();

  constructor(keys: readonly AccessKey[]) {
    this.#keys = new Map(keys.map((key) => [key.kid, key]));
  }

  /** The key of that name, unless it has ended. */
  find(kid: string, nowMs: number): AccessKey | undefined {
    const key = this.#keys.get(kid);
    return key && isLive(key, nowMs) ? key : undefined;
  }

  /** The first key that can sign and outlives what it signs. */
  signer(endsAtMs: number): AccessKey {
    for (const key of this.#keys.values()) if (canSign(key) && isLive(key, endsAtMs)) return key;
    throw new Error("AUTH_KEYS has no access key that can sign for long enough");
  }

  async ready(key: AccessKey): Promise<ReadyKey> {
    const known = this.#ready.get(key.kid);
    if (known) return known;
    const ready = await importKey(key);
    this.#ready.set(key.kid, ready);
    return ready;
  }

  publicKeys(nowMs: number): PublicJwk[] {
    return [...this.#keys.values()].flatMap((key) => {
      if (!("jwk" in key) || !isLive(key, nowMs)) return [];
      const { d: _, ...jwk } = key.jwk;
      return [{ ...jwk, kid: key.kid, alg: key.alg, use: "sig" as const }];
    });
  }
}

const isLive = ({ until }: AccessKey, atMs: number) => until === undefined || atMs < until;
const canSign = (key: AccessKey) => !("jwk" in key) || key.jwk.d !== undefined;

async function importKey(key: AccessKey): Promise<ReadyKey> {
  if (!("jwk" in key)) {
    const base64 = key.secret.replaceAll("-", "+").replaceAll("_", "/");
    const secret = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
    return { verify: secret, sign: secret };
  }
  const { d, ...open } = key.jwk;
  const verify = await importJWK(open, key.alg);
  const sign = d === undefined ? undefined : await importJWK({ ...open, d }, key.alg);
  return { verify, sign };
}
