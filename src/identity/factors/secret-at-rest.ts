import { base64url } from "jose";
import { assert } from "../../shared/assert.ts";

/** The seals of `AUTH_KEYS`: the first encrypts, all decrypt. */
export type Seals = readonly { id: string; secret: string }[];

const NONCE_BYTES = 12;
const encoder = new TextEncoder();

/**
 * Encrypts a secret for one owner: `<seal id>.<base64url of nonce and AES-256-GCM text>`. The owner is
 * authenticated with it, so a secret that is copied into another account's row does not open there.
 */
export async function encryptSecret(
  seals: Seals,
  owner: string,
  secret: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const [newest] = seals;
  assert(newest !== undefined, "no seal to encrypt with");
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: encoder.encode(owner) };
  const key = await keyOf(newest.secret);
  const text = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, secret));
  return `${newest.id}.${base64url.encode(new Uint8Array([...nonce, ...text]))}`;
}

/** `isCurrent` is false where an older seal encrypted it: encrypt it anew, so that the seal may go. */
export async function decryptSecret(
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
}

/** A key of its own for this use: what seals sign elsewhere says nothing about it. */
async function keyOf(secret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  const info = encoder.encode("frontage second factors at rest");
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const cipher = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey(derivation, material, cipher, false, ["encrypt", "decrypt"]);
}
