import type { AccessClaims } from "../../src/identity/tokens/token-claims.ts";

// By hand, not by the library under test: what is sent here is what an attacker would write.

const encoder = new TextEncoder();

const base64Url = (data: string | Uint8Array): string => {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};

export const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

export type Header = { alg: string; kid: string; typ: string } & Record<string, unknown>;
export type Sign = (input: string) => Promise<Uint8Array>;

export const hmac =
  (secret: string | Uint8Array, hash: "SHA-256" | "SHA-384" | "SHA-512"): Sign =>
  async (input) => {
    const raw = typeof secret === "string" ? encoder.encode(secret) : secret;
    const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(input)));
  };

export const ed25519 =
  (jwk: JsonWebKey): Sign =>
  async (input) => {
    const key = await crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("Ed25519", key, encoder.encode(input)));
  };

export const unsigned: Sign = async () => new Uint8Array();

/** A token whose header and claims are these texts, whatever they are. */
export async function forgeText(header: string, claims: string, sign: Sign): Promise<string> {
  const input = `${base64Url(header)}.${base64Url(claims)}`;
  return `${input}.${base64Url(await sign(input))}`;
}

export const forge = (
  header: Header,
  claims: Partial<AccessClaims> | Record<string, unknown>,
  sign: Sign,
): Promise<string> => forgeText(JSON.stringify(header), JSON.stringify(claims), sign);
