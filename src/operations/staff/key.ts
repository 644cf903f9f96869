import { hmacToken } from "../../shared/digest.ts";
import { encodeBase32 } from "../../shared/ids.ts";

/** Says what it is wherever it leaks to: scanners of repositories and of this shop's own logs look for it. */
const PREFIX = "fsk_";
const SECRET_BYTES = 20;

/** 160 bits in base 32: far beyond guessing, so a plain hash of it may be stored and indexed. */
const KEY = /^fsk_[0-9a-hjkmnp-tv-z]{32}$/;

export const isStaffKey = (text: string): boolean => KEY.test(text);

/**
 * A fresh key; or, with a request's identity, the one that follows from it, so that a repeat can be
 * told the same key although nothing stores it.
 */
export async function makeStaffKey(secret: string, request: string | undefined): Promise<string> {
  const bytes =
    request === undefined
      ? crypto.getRandomValues(new Uint8Array(SECRET_BYTES))
      : await derivedBytes(secret, request);
  return `${PREFIX}${encodeBase32(bytes)}`;
}

async function derivedBytes(secret: string, request: string): Promise<Uint8Array> {
  const token = await hmacToken(secret, `staff-key\n${request}`);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return new Uint8Array(digest).slice(0, SECRET_BYTES);
}
