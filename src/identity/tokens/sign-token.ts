import { SignJWT } from "jose";
import type { KeyRing } from "./key-ring.ts";

export type SignedToken = { token: string; expiresInSeconds: number };

export type TokenToSign = {
  /** The header's `typ`, which tells kinds of tokens apart beside the audience. */
  typ: string;
  issuer: string;
  audience: string;
  ttlSeconds: number;
  claims: Record<string, unknown>;
};

/** Signs with the first key that lives long enough. */
export async function signToken(
  ring: KeyRing,
  { typ, issuer, audience, ttlSeconds, claims }: TokenToSign,
  nowMs: number,
): Promise<SignedToken> {
  const nowSeconds = Math.floor(nowMs / 1_000);
  const exp = nowSeconds + ttlSeconds;
  const key = ring.signer(exp * 1_000);
  const { sign } = await ring.ready(key);
  if (!sign) throw new Error("a signing key without its private part");
  const times = { iat: nowSeconds, nbf: nowSeconds, exp };
  const token = await new SignJWT({ ...claims, ...times, iss: issuer, aud: audience })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ })
    .sign(sign);
  return { token, expiresInSeconds: ttlSeconds };
}
