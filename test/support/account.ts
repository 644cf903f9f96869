import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { codeOf, stepAt } from "../../src/identity/factors/totp.ts";
import { hashPassword } from "../../src/identity/passwords/check-password.ts";
import { passwords, sessions, users } from "../../src/identity/schema.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { newId, UserId } from "../../src/shared/ids.ts";
import { wholeFeed } from "./whole-feed.ts";
import { type Answered, call } from "./worker-shop.ts";

export const PASSWORD = "correct horse battery";

export type Tokens = { accessToken: string; expiresIn: number; refreshToken: string };
export type Account = { id: UserId; email: string };

let hash: string | undefined;

/** An account of a test's own, with an address that was proven, and `PASSWORD`. */
export async function newAccount(email?: string): Promise<Account> {
  const io = openIo(env, "test");
  await wholeFeed();
  // The hash is made to be slow: one for all accounts of a file.
  hash ??= String(await hashPassword(io.config, PASSWORD));
  const id = newId(UserId, "usr");
  const address = email ?? `${id}@example.com`;
  const atMs = Date.now();
  await io.sql.insert(users).values({
    id,
    email: address,
    emailKey: address,
    status: "active",
    sessionEpoch: 1,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  });
  await io.sql.insert(passwords).values({ userId: id, hash, changedAtMs: atMs });
  return { id, email: address };
}

export const bearer = ({ accessToken }: Pick<Tokens, "accessToken">) => ({
  Authorization: `Bearer ${accessToken}`,
});

export const logIn = <T = Tokens>(
  { email }: Pick<Account, "email">,
  password = PASSWORD,
): Promise<Answered<T>> => call<T>("POST", "/api/v2/auth/login", { body: { email, password } });

/** An account of a test's own that is signed in. */
export async function signedIn(): Promise<Account & Tokens> {
  const account = await newAccount();
  const { status, body } = await logIn(account);
  if (status !== 200) throw new Error(`signing in answered ${status}: ${JSON.stringify(body)}`);
  return { ...account, ...body };
}

/** As somebody signed in. */
export const as = <T = unknown>(
  tokens: Pick<Tokens, "accessToken">,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answered<T>> => call<T>(method, path, { headers: bearer(tokens), body });

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What an authenticator app shows; `ahead` steps of 30 s from now. */
export async function codeFor(secret: string, ahead = 0): Promise<string> {
  const bits = [...secret]
    .map((sign) => BASE32.indexOf(sign).toString(2).padStart(5, "0"))
    .join("");
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (each) => Number.parseInt(each, 2));
  return codeOf(bytes, stepAt(Date.now()) + ahead);
}

export type Secured = Account & {
  secret: string;
  /** The code that set it up. */
  usedCode: string;
  tokens: Tokens;
  recoveryCodes: string[];
};

/** An account with a second factor, signed in. The code of this moment is used up; the next one is not. */
export async function securedAccount(email?: string): Promise<Secured> {
  const account = await newAccount(email);
  const { body: first } = await logIn(account);
  const { body: setup } = await as<{ secret: string }>(first, "POST", "/api/v2/auth/2fa/setup", {});
  const { secret } = setup;
  const usedCode = await codeFor(secret);
  const { body, status } = await as<Tokens & { recoveryCodes: string[] }>(
    first,
    "POST",
    "/api/v2/auth/2fa/confirm",
    { code: usedCode },
  );
  if (status !== 200) throw new Error(JSON.stringify(body));
  const { recoveryCodes, ...tokens } = body;
  return { ...account, secret, usedCode, tokens, recoveryCodes };
}

/** What an access token says. */
export function claimsOf({ accessToken }: Pick<Tokens, "accessToken">) {
  const [, claims = ""] = accessToken.split(".");
  const text = atob(claims.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(text) as { sub: string; auth_time: number; amr: string[] };
}

/** The same session some minutes after its shopper has last proven anything: eleven are too many. */
export async function aged(
  { id }: Account,
  { refreshToken }: Tokens,
  minutes = 11,
): Promise<Tokens> {
  const { sql } = openIo(env, "test");
  const authenticatedAtMs = Date.now() - minutes * 60_000;
  await sql.update(sessions).set({ authenticatedAtMs }).where(eq(sessions.userId, id));
  const path = "/api/v2/auth/refresh";
  const { body, status } = await call<Tokens>("POST", path, { body: { refreshToken } });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}
