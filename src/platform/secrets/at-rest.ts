import { base64url } from "jose";
import { assert } from "../../shared/assert.ts";

/** The seals of `AUTH_KEYS`: the first encrypts, all decrypt. */
type Seals = readonly { id: string; secret: string }[];

const NONCE_BYTES = 12;
const encoder = new TextEncoder();

/**
 * Encrypts what must be read again for one use, with a key of that use's own: what seals sign elsewhere
 * says nothing about it.
 */
export function secretsAtRest(use: string) {
  const keyOf = async (secret: string): Promise<CryptoKey> => {
    const bytes = encoder.encode(secret);
    const material = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
    const info = encoder.encode(use);
    const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
    const cipher = { name: "AES-GCM", length: 256 };
    return crypto.subtle.deriveKey(derivation, material, cipher, false, ["encrypt", "decrypt"]);
  };

  return {
    /**
     * `<seal id>.<base64url of nonce and AES-256-GCM text>`. The owner is authenticated with it, so a
     * secret that is copied into another owner's row does not open there.
     */
    async encrypt(seals: Seals, owner: string, secret: Uint8Array<ArrayBuffer>): Promise<string> {
      const [newest] = seals;
      assert(newest !== undefined, "no seal to encrypt with");
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const algorithm = { name: "AES-GCM", iv: nonce, additionalData: encoder.encode(owner) };
      const key = await keyOf(newest.secret);
      const text = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, secret));
      return `${newest.id}.${base64url.encode(new Uint8Array([...nonce, ...text]))}`;
    },

    /** `isCurrent` is false where an older seal encrypted it: encrypt it anew, so that the seal may go. */
    async decrypt(
      seals: Seals,
      owner: string,
      encrypted: string,
    ): Promise<{ secret: Uint8Array<ArrayBuffer>; isCurrent: boolean }> {
      const [id, text = ""] = encrypted.split(".");
      const at = seals.findIndex((seal) => seal.id === id);
      const seal = seals[at];
      assert(seal !== undefined, "encrypted under a seal that is not configured");
      const bytes = base64url.decode(text);
      const iv = bytes.slice(0, NONCE_BYTES);
      const algorithm = { name: "AES-GCM", iv, additionalData: encoder.encode(owner) };
      const key = await keyOf(seal.secret);
      const opened = await crypto.subtle.decrypt(algorithm, key, bytes.slice(NONCE_BYTES));
      return { secret: new Uint8Array(opened), isCurrent: at === 0 };
    },
  };
}
