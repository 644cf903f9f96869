import nodeCrypto from "node:crypto";
import type { HashCost } from "./hash-cost.ts";

const KEY_BYTES = 32;

/** scrypt (RFC 7914) in native code. It runs on the isolate's own thread: nothing else does meanwhile. */
export function deriveKey(
  password: string,
  salt: Uint8Array,
  { logN, r, p }: HashCost,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const N = 2 ** logN;
  // Twice what it needs, as OpenSSL counts a little more than the blocks.
  nodeCrypto.scrypt(password, salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
    if (error) reject(error);
    else resolve(key);
  });
  return promise;
}
