import type { Context } from "hono";
import { addressClaim, countedAs } from "../platform/gate/index.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import {
  type Claim,
  guesses,
  quota,
  rateLimited,
  type Tries,
  takeTries,
  vouch,
} from "../platform/limits/index.ts";
import type { Result } from "../shared/result.ts";
import type { Email } from "./email.ts";

const HOUR_MS = 60 * 60_000;

/** Wrong passwords of one account, whether or not there is such an account. */
const SIGN_IN = guesses("sign-in");
/** Passwords tried from one address, on whatever accounts. */
const SIGN_IN_ADDRESS = quota("sign-in-address", 100, 10 * 60_000);
/** Mails that anybody may have sent to one mailbox, and that one address may have sent. */
const MAIL = quota("account-mail", 5, HOUR_MS);
const MAIL_ADDRESS = quota("account-mail-address", 30, HOUR_MS);
/** Links tried from one address. They cannot be guessed; this keeps the guessing cheap for us. */
const LINK_ADDRESS = quota("account-link-address", 60, 10 * 60_000);

/** Sign-ins elsewhere that one address may begin or end: each may ask an issuer. */
const OIDC_ADDRESS = quota("oidc-address", 60, 10 * 60_000);

/** Where a request comes from; undefined for calls from inside, which have no address. */
const addressOf = (c: Context<ApiEnv>) => countedAs(c.var.visitor.address);

/** Where a secret is guessed from; none for calls from inside, which are all one place. */
export function placesOf(c: Context<ApiEnv>): string[] {
  const address = addressOf(c);
  return address === undefined ? [] : [address];
}

function takeSignIn(c: Context<ApiEnv>, { key }: Pick<Email, "key">): Promise<Tries> {
  const places = placesOf(c);
  return take(c, [{ policy: SIGN_IN, subject: key, places }, ...addressClaim(c, SIGN_IN_ADDRESS)]);
}

/** What a check of a password came to: `unasked` where it was not made. */
type Verdict = "right" | "wrong" | "unasked";

function verdictOf(outcome: Result<unknown, { code: string }>): Verdict {
  if (outcome.ok) return "right";
  return outcome.error.code === "busy" ? "unasked" : "wrong";
}

/**
 * Checks a password as one try of its account. What is wrong stays counted, what is right is taken back
 * after the answer, and what could not be checked never was a try.
 */
export async function tryPassword<T extends Result<unknown, { code: string }>>(
  c: Context<ApiEnv>,
  email: Pick<Email, "key">,
  check: () => Promise<T>,
): Promise<T> {
  const tries = await takeSignIn(c, email);
  let verdict: Verdict = "unasked";
  try {
    const outcome = await check();
    verdict = verdictOf(outcome);
    return outcome;
  } finally {
    if (verdict === "right") c.executionCtx.waitUntil(tries.right());
    if (verdict === "unasked") c.executionCtx.waitUntil(tries.unasked());
  }
}

/** Who has proven their mailbox is let in from where they are, whatever others have tried. */
export async function vouchForSignIn(
  c: Context<ApiEnv>,
  { key }: Pick<Email, "key">,
): Promise<void> {
  const address = addressOf(c);
  if (address === undefined) return;
  await vouch(c.env, c.var.io, { policy: SIGN_IN, subject: key, places: [address] });
}

/** One mail to a mailbox: counted alike whether or not anybody has it. */
export async function countMail(c: Context<ApiEnv>, { key }: Pick<Email, "key">): Promise<void> {
  await take(c, [{ policy: MAIL, subject: key }, ...addressClaim(c, MAIL_ADDRESS)]);
}

export const countLink = (c: Context<ApiEnv>): Promise<void> => countAddress(c, LINK_ADDRESS);
export const countOidc = (c: Context<ApiEnv>): Promise<void> => countAddress(c, OIDC_ADDRESS);

async function countAddress(c: Context<ApiEnv>, policy: Claim["policy"]): Promise<void> {
  const claims = addressClaim(c, policy);
  if (claims.length > 0) await take(c, claims);
}

/** @throws Problem `rate-limited`; `DependencyDown` when a limiter cannot be asked. */
async function take(c: Context<ApiEnv>, claims: readonly Claim[]): Promise<Tries> {
  const taken = await takeTries(c.env, c.var.io, claims);
  if (!taken.ok) throw rateLimited(taken.error);
  return taken.value;
}
