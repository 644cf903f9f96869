import { z } from "zod";

/** Bytes in base64url, at least so many. */
const bytes = (min: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .refine((text) => Math.floor((text.length * 3) / 4) >= min, `is shorter than ${min} bytes`);

const kid = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
/** After it, nothing that this key made is accepted. */
const until = z.iso
  .datetime({ offset: true })
  .transform((at) => Date.parse(at))
  .optional();

const coordinate = bytes(32);
const Ed25519 = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: coordinate,
  d: coordinate.optional(),
});
const P256 = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: coordinate,
  y: coordinate,
  d: coordinate.optional(),
});

/**
 * One key of access tokens. Each is bound to one algorithm. HMAC keys are as long as their hash
 * (RFC 7518 §3.2); public keys may come without their private part, and are then only believed.
 */
const AccessKey = z.discriminatedUnion("alg", [
  z.object({ kid, until, alg: z.literal("EdDSA"), jwk: Ed25519 }),
  z.object({ kid, until, alg: z.literal("ES256"), jwk: P256 }),
  z.object({ kid, until, alg: z.literal("HS512"), secret: bytes(64) }),
  z.object({ kid, until, alg: z.literal("HS256"), secret: bytes(32) }),
]);
export type AccessKey = z.output<typeof AccessKey>;

const Seal = z.object({ id: z.string().regex(/^[a-z0-9]{1,16}$/), secret: bytes(32) });

const haveOneId = (ids: readonly string[]) => new Set(ids).size === ids.length;

/**
 * `AUTH_KEYS`: all that shoppers' credentials are made and checked with. In both lists the first that
 * may make something does; the others are believed, each until it ends or is taken out.
 */
export const AuthKeys = z.object({
  access: z
    .array(AccessKey)
    .min(1)
    .refine((keys) => haveOneId(keys.map((key) => key.kid)), "two keys of one kid"),
  /** Of refresh tokens, mailed links and passwords. */
  seals: z
    .array(Seal)
    .min(1)
    .refine((seals) => haveOneId(seals.map(({ id }) => id)), "two seals of one id"),
});
export type AuthKeys = z.output<typeof AuthKeys>;
