import { importPKCS8, SignJWT } from "jose";
import { z } from "zod";
import type { ServiceAccount } from "../../platform/config/config.ts";
import { DependencyDown } from "../../platform/dependency.ts";
import type { Meter } from "../../platform/telemetry/meter.ts";
import { callProvider, parseAnswer } from "../provider-call.ts";
import { retryAfterSeconds } from "./retry-after.ts";

export type FcmApi = {
  /** Without a path: `https://fcm.googleapis.com`. */
  url: string;
  account: ServiceAccount;
  timeoutMs: number;
  meter: Meter;
  clock: { nowMs(): number };
};

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** Google takes no assertion that is good for longer. */
const ASSERTION_SECONDS = 3_600;
/** A token that ends within this is not used any more: it has to arrive, too. */
const EARLY_MS = 60_000;

const Granted = z.object({
  access_token: z.string().min(1).max(4_096),
  expires_in: z.number().positive(),
});
const Refusal = z.object({ error: z.string().max(100) });

/** By the account that was parsed once per isolate. Only what came back is kept, never who waits for it. */
const kept = new WeakMap<ServiceAccount, { token: string; expiresAtMs: number }>();

/** The account's access token, exchanged for a signed assertion when there is none (RFC 7523). */
export async function accessToken(api: FcmApi): Promise<string> {
  const { account, clock } = api;
  const known = kept.get(account);
  if (known && known.expiresAtMs - EARLY_MS > clock.nowMs()) return known.token;
  const form = new URLSearchParams({ grant_type: GRANT, assertion: await assertionOf(api) });
  const answer = await callProvider(api, "push", account.token_uri, {
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  });
  const granted = Granted.safeParse(parseAnswer(answer));
  if (answer.status !== 200 || !granted.success) {
    const why = Refusal.safeParse(parseAnswer(answer)).data?.error ?? "";
    const cause = new Error(`token endpoint: HTTP ${answer.status} ${why}`.trim());
    throw new DependencyDown("push", cause, retryAfterSeconds(answer));
  }
  const { access_token: token, expires_in: seconds } = granted.data;
  kept.set(account, { token, expiresAtMs: clock.nowMs() + seconds * 1_000 });
  return token;
}

/** Forgets a token that was refused before its time; another that came meanwhile stays. */
export function dropAccessToken({ account }: FcmApi, token: string): void {
  if (kept.get(account)?.token === token) kept.delete(account);
}

async function assertionOf({ account, clock }: FcmApi): Promise<string> {
  const nowSeconds = Math.floor(clock.nowMs() / 1_000);
  const key = await importPKCS8(account.private_key, "RS256");
  return new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: account.private_key_id })
    .setIssuer(account.client_email)
    .setAudience(account.token_uri)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + ASSERTION_SECONDS)
    .sign(key);
}
