import { base64url, createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { z } from "zod";
import { sameText } from "../../shared/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** Clocks of two parties differ; more than this is a fault. */
const LEEWAY_SECONDS = 30;
/** The token was made for this very sign-in, which ends within ten minutes. */
const TOKEN_AGE_SECONDS_MAX = 600;

const Claims = z.object({
  sub: z.string().min(1).max(255),
  nonce: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  azp: z.string().optional(),
  at_hash: z.string().optional(),
  email: z.email().max(254).optional(),
  // Some issuers write it as text.
  email_verified: z.union([z.boolean(), z.enum(["true", "false"])]).optional(),
  name: z.string().max(200).optional().catch(undefined),
});

/** Whom the issuer vouches for. `verifiedEmail` only where it says that it verified that address. */
export type OidcPerson = { subject: string; verifiedEmail: string | undefined; name?: string };

export type Expected = {
  issuer: string;
  clientId: string;
  /** What the issuer may sign with, by configuration: the token's header decides nothing. */
  algorithms: readonly string[];
  nonce: string;
  accessToken: string | undefined;
  nowMs: number;
};

export type TokenError = { code: "key_unknown" } | { code: "token_invalid"; reason: string };

/** Verifies an ID token by OpenID Connect Core 1.0, section 3.1.3.7. `key_unknown`: fetch the keys anew. */
export async function verifyIdToken(
  idToken: string,
  keys: JSONWebKeySet,
  expected: Expected,
): Promise<Result<OidcPerson, TokenError>> {
  const { issuer, clientId, algorithms, nonce, accessToken, nowMs } = expected;
  let verified: Awaited<ReturnType<typeof jwtVerify>>;
  try {
    verified = await jwtVerify(idToken, createLocalJWKSet(keys), {
      issuer,
      audience: clientId,
      algorithms: [...algorithms],
      clockTolerance: LEEWAY_SECONDS,
      maxTokenAge: TOKEN_AGE_SECONDS_MAX,
      requiredClaims: ["exp", "iat", "sub", "nonce"],
      currentDate: new Date(nowMs),
    });
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return err({ code: "key_unknown" });
    if (error instanceof errors.JOSEError) return invalid(error.code);
    throw error;
  }
  const read = Claims.safeParse(verified.payload);
  if (!read.success) return invalid("claims");
  const claims = read.data;
  if (!sameText(claims.nonce, nonce)) return invalid("nonce");
  // Made for several clients, it must say that it was made by our asking.
  const isForMany = Array.isArray(claims.aud) && claims.aud.length > 1;
  if (isForMany && claims.azp === undefined) return invalid("azp");
  if (claims.azp !== undefined && claims.azp !== clientId) return invalid("azp");
  const hash = accessToken && (await accessTokenHash(accessToken, verified.protectedHeader.alg));
  if (claims.at_hash !== undefined && claims.at_hash !== hash) return invalid("at_hash");

  const isVerified = claims.email_verified === true || claims.email_verified === "true";
  return ok({
    subject: claims.sub,
    verifiedEmail: isVerified ? claims.email : undefined,
    ...(claims.name === undefined ? {} : { name: claims.name }),
  });
}

const invalid = (reason: string) => err({ code: "token_invalid", reason });

/** The left half of the access token's hash, by the hash of the signature (section 3.1.3.6). */
async function accessTokenHash(accessToken: string, algorithm: string): Promise<string> {
  const bits = algorithm === "EdDSA" ? "512" : algorithm.slice(-3);
  const text = new TextEncoder().encode(accessToken);
  const hash = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, text));
  return base64url.encode(hash.slice(0, hash.length / 2));
}
