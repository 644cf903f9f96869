import { generateKeyPairSync, randomBytes } from "node:crypto";

type Access = { kid: string; alg: string; until?: string } & Record<string, unknown>;
/** The value of `AUTH_KEYS` before it is checked; src/platform/config/auth-keys.ts says what it holds. */
export type AuthKeysText = { access: Access[]; seals: { id: string; secret: string }[] };

/** What an access token and its verifiers' copies of the keys may live after a key stopped signing. */
const OVERLAP_MS = 30 * 60_000;

const newAccessKey = (kid: string): Access => ({
  kid,
  alg: "EdDSA",
  jwk: generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }),
});
const newSeal = (id: string) => ({ id, secret: randomBytes(32).toString("base64url") });

/** A first value: one Ed25519 key for access tokens, one seal for everything else. */
export const freshAuthKeys = (name: string): AuthKeysText => ({
  access: [newAccessKey(name)],
  seals: [newSeal(name)],
});

/** Step one of an exchange: a key that is published and believed, but does not sign yet. */
export function withNextKey(keys: AuthKeysText, kid: string): AuthKeysText {
  if (keys.access.some((key) => key.kid === kid)) throw new Error(`there is a key ${kid} already`);
  const [first, ...others] = keys.access;
  if (!first) return { ...keys, access: [newAccessKey(kid)] };
  return { ...keys, access: [first, newAccessKey(kid), ...others] };
}

/** Step two, once everybody may have read it: the next key signs, the one before ends soon, ended ones go. */
export function withNextKeySigning(keys: AuthKeysText, nowMs: number): AuthKeysText {
  const live = keys.access.filter(({ until }) => until === undefined || Date.parse(until) > nowMs);
  const [before, next, ...others] = live;
  if (!before || !next) throw new Error("there is no next key; add one first");
  const until = new Date(nowMs + OVERLAP_MS).toISOString();
  return { ...keys, access: [next, { ...before, until }, ...others] };
}

/** A seal in front of the others: it makes what is new, and they go on opening what is old. */
export function withNewSeal(keys: AuthKeysText, id: string): AuthKeysText {
  if (keys.seals.some((seal) => seal.id === id)) throw new Error(`there is a seal ${id} already`);
  return { ...keys, seals: [newSeal(id), ...keys.seals] };
}
