import type { Config } from "../../platform/config/config.ts";
import { KeyRing, type PublicJwk } from "./key-ring.ts";
import { type SignedToken, signToken } from "./sign-token.ts";
import { AccessClaims, claimsHold, type Registered, StepClaims } from "./token-claims.ts";
import { verifySignature } from "./verify-token.ts";

/** How long an access token opens anything, seconds. */
export const ACCESS_TTL_SECONDS = 15 * 60;
const ACCESS_TYPE = "at+jwt";
/** Verified tokens that an isolate remembers: a signature need not be checked again and again. */
const REMEMBERED_MAX = 2_000;

/** A step of a flow that hands the caller a token to come back with: `two-factor`. */
export type Step = { name: string; ttlSeconds: number };

type Remembered = { claims: AccessClaims; kid: string };
type Own<T extends Registered> = Omit<T, keyof Registered>;

/**
 * Makes and checks the signed tokens of one shop. Kinds of tokens differ in `typ` and in audience, so
 * none can be used for another. Lives as long as the isolate; it does no I/O.
 */
export class TokenDesk {
  readonly #issuer: string;
  readonly #ring: KeyRing;
  readonly #remembered = new Map<string, Remembered>();

  constructor({ PUBLIC_URL, AUTH_KEYS }: Pick<Config, "PUBLIC_URL" | "AUTH_KEYS">) {
    this.#issuer = PUBLIC_URL.replace(/\/$/, "");
    this.#ring = new KeyRing(AUTH_KEYS.access);
  }

  publicKeys(nowMs: number): PublicJwk[] {
    return this.#ring.publicKeys(nowMs);
  }

  signAccess(claims: Own<AccessClaims>, nowMs: number): Promise<SignedToken> {
    const kind = { typ: ACCESS_TYPE, ...this.#expected("api"), ttlSeconds: ACCESS_TTL_SECONDS };
    return signToken(this.#ring, { ...kind, claims }, nowMs);
  }

  /** What an access token says, if it holds. Revocations are not its business. */
  async readAccess(token: string, nowMs: number): Promise<AccessClaims | undefined> {
    const known = this.#remembered.get(token) ?? (await this.#verifyAccess(token, nowMs));
    // Asked each time: a remembered token ends as every other does, and so does its key.
    const isLive = known && this.#ring.find(known.kid, nowMs) !== undefined;
    return isLive && claimsHold(known.claims, this.#expected("api"), nowMs)
      ? known.claims
      : undefined;
  }

  signStep({ name, ttlSeconds }: Step, claims: Own<StepClaims>, nowMs: number) {
    const kind = { typ: `${name}+jwt`, ...this.#expected(name), ttlSeconds };
    return signToken(this.#ring, { ...kind, claims }, nowMs);
  }

  async readStep({ name }: Step, token: string, nowMs: number): Promise<StepClaims | undefined> {
    const verified = await verifySignature(this.#ring, token, `${name}+jwt`, nowMs);
    const claims = StepClaims.safeParse(verified?.claims).data;
    return claims && claimsHold(claims, this.#expected(name), nowMs) ? claims : undefined;
  }

  async #verifyAccess(token: string, nowMs: number): Promise<Remembered | undefined> {
    const verified = await verifySignature(this.#ring, token, ACCESS_TYPE, nowMs);
    const claims = AccessClaims.safeParse(verified?.claims).data;
    if (!verified || !claims) return undefined;
    const remembered = { claims, kid: verified.kid };
    this.#remembered.set(token, remembered);
    if (this.#remembered.size > REMEMBERED_MAX) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    return remembered;
  }

  #expected(use: string) {
    return { issuer: this.#issuer, audience: `${this.#issuer}/${use}` };
  }
}

const desks = new WeakMap<Config, TokenDesk>();

/** The isolate's desk for a configuration. */
export function tokenDesk(config: Config): TokenDesk {
  const known = desks.get(config);
  if (known) return known;
  const desk = new TokenDesk(config);
  desks.set(config, desk);
  return desk;
}
