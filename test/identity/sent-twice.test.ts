import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { users } from "../../src/identity/schema.ts";
import { configOf } from "../../src/platform/config/config.ts";
import { ioAt } from "../orders/world.ts";
import { as, bearer, codeFor, logIn, PASSWORD, signedIn, type Tokens } from "../support/account.ts";
import { SoftAuthenticator } from "../support/authenticator.ts";
import { linkToken, ownEmail, receiveMails } from "../support/mailbox.ts";
import { type Answered, call } from "../support/worker-shop.ts";

const AUTH = "/api/v2/auth";
const NEW_PASSWORD = "a quite different password";

type Way = { way: string; isKeyed: boolean; isAtOnce: boolean };
const WAYS: Way[] = [
  { way: "one after the other", isKeyed: false, isAtOnce: false },
  { way: "one after the other with one key", isKeyed: true, isAtOnce: false },
  { way: "at once", isKeyed: false, isAtOnce: true },
  { way: "at once with one key", isKeyed: true, isAtOnce: true },
];

type Sent<T> = { answers: Answered<T>[]; statuses: number[]; taken: Answered<T>[] };

/** Sends the same request twice. `taken` are the answers that did something, or say that it was done. */
async function twice<T>(
  { isKeyed, isAtOnce }: Way,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Sent<T>> {
  const key: Record<string, string> = isKeyed ? { "Idempotency-Key": crypto.randomUUID() } : {};
  const send = () => call<T>("POST", path, { body, headers: { ...headers, ...key } });
  const answers = isAtOnce ? await Promise.all([send(), send()]) : [await send(), await send()];
  return {
    answers,
    statuses: answers.map(({ status }) => status).sort(),
    taken: answers.filter(({ status }) => status < 300),
  };
}

const post = <T = unknown>(path: string, body: object) =>
  call<T>("POST", `${AUTH}/${path}`, { body });
const refresh = ({ refreshToken }: Pick<Tokens, "refreshToken">) =>
  post<Tokens>("refresh", { refreshToken });

const subjectsTo = async (email: string) =>
  (await receiveMails(email)).map(({ subject }) => subject);

/** What a device does whose answer never came: it goes on by the refresh token that it has. */
async function recovered(tokens: Tokens): Promise<Tokens> {
  const { status, body } = await refresh(tokens);
  if (status !== 200) throw new Error(`the session was lost: ${JSON.stringify(body)}`);
  return body;
}

it("a key stands for one registration: another password under it is refused", async ({
  expect,
}) => {
  const email = ownEmail();
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  const register = (body: object) =>
    call<{ type: string }>("POST", `${AUTH}/register`, { headers, body });
  expect((await register({ email, password: PASSWORD })).status).toBe(202);
  const other = await register({ email, password: NEW_PASSWORD });
  expect(other.body.type).toBe("/problems/idempotency-key-reused");
  // Another mailbox is another intention, whoever uses the same key for it.
  const neighbour = ownEmail();
  expect((await register({ email: neighbour, password: NEW_PASSWORD })).status).toBe(202);
  for (const each of [email, neighbour]) expect(await receiveMails(each)).toHaveLength(1);
});

it("a link asked for again by one key comes once more, and is the same", async ({ expect }) => {
  const email = ownEmail();
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  const body = { email, password: PASSWORD };
  await call("POST", `${AUTH}/register`, { headers, body });
  await call("POST", `${AUTH}/register`, { headers, body });
  const [mail] = await receiveMails(email);
  const resend = { headers, body: { email } };
  await call("POST", `${AUTH}/verify-email/resend`, resend);
  await call("POST", `${AUTH}/verify-email/resend`, resend);
  // The key was used for another purpose before, which is another mail.
  const mails = await receiveMails(email);
  expect(mails.map(linkToken)).toEqual([linkToken(mail ?? {}), linkToken(mail ?? {})]);
});

describe.for(WAYS)("sent twice, $way", (way) => {
  it("a registration makes one account, and one mail for one key", async ({ expect }) => {
    const email = ownEmail();
    const body = { email, password: PASSWORD };
    expect((await twice(way, `${AUTH}/register`, body)).statuses).toEqual([202, 202]);
    const mails = await receiveMails(email);
    expect(mails).toHaveLength(way.isKeyed ? 1 : 2);
    const token = linkToken(mails.at(-1) ?? {});
    const verified = await twice(way, `${AUTH}/verify-email`, { token });
    expect(verified.statuses).toEqual([200, 422]);
    const rows = await ioAt().sql.select().from(users).where(eq(users.emailKey, email));
    expect(rows).toHaveLength(1);
    // Who did not hear that it worked signs in.
    expect((await logIn({ email })).status).toBe(200);
  });

  it("a forgotten password has one mail for one key, and is set once", async ({ expect }) => {
    const old = await signedIn();
    const { email } = old;
    const asked = await twice(way, `${AUTH}/password/forgot`, { email });
    expect(asked.statuses).toEqual([202, 202]);
    const mails = await receiveMails(email);
    expect(mails).toHaveLength(way.isKeyed ? 1 : 2);
    const body = { token: linkToken(mails.at(-1) ?? {}), password: NEW_PASSWORD };
    expect((await twice(way, `${AUTH}/password/reset`, body)).statuses).toEqual([200, 422]);
    expect((await subjectsTo(email)).slice(mails.length)).toEqual(["Your password was changed"]);
    expect((await refresh(old)).status).toBe(401);
    expect((await logIn(old, NEW_PASSWORD)).status).toBe(200);
  });

  it("a change of address happens once, and the old one is told once", async ({ expect }) => {
    const account = await signedIn();
    const email = ownEmail();
    const asked = await twice(way, "/api/v2/me/email", { email }, bearer(account));
    for (const { status } of asked.answers) expect([202, 409]).toContain(status);
    expect(asked.taken.length).toBeGreaterThan(0);
    const mails = await receiveMails(email);
    expect(mails).toHaveLength(way.isKeyed ? 1 : 2);
    const token = linkToken(mails.at(-1) ?? {});
    const confirmed = await twice(way, `${AUTH}/email/confirm`, { token });
    expect(confirmed.statuses).toEqual([200, 422]);
    expect(await subjectsTo(account.email)).toEqual(["The address of your account was changed"]);
    // Sessions go on, and say which address it is to who did not hear.
    expect((await as(account, "GET", "/api/v2/me")).body).toMatchObject({ email });
  });
});

/** These read no key: with one, nothing of theirs may be kept or replayed. */
describe.for([WAYS[0]!, WAYS[3]!])("sent twice, $way", (way) => {
  it("a change of password happens once; the new one signs in", async ({ expect }) => {
    const old = await signedIn();
    const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    const sent = await twice<Tokens>(way, `${AUTH}/password/change`, body, bearer(old));
    expect(sent.statuses).toEqual([200, 401]);
    expect(await subjectsTo(old.email)).toEqual(["Your password was changed"]);
    expect((await refresh(sent.taken[0]!.body)).status).toBe(200);
    expect((await logIn(old)).status).toBe(401);
    expect((await logIn(old, NEW_PASSWORD)).status).toBe(200);
  });

  it("a second factor is set once; a device that did not hear goes on, and gets its codes", async ({
    expect,
  }) => {
    const account = await signedIn();
    const setup = await twice<{ secret: string }>(way, `${AUTH}/2fa/setup`, {}, bearer(account));
    expect(setup.statuses).toEqual([200, 200]);
    // A third, whose answer came: of two at once nobody can say which secret is the newer.
    const { body } = await as<{ secret: string }>(account, "POST", `${AUTH}/2fa/setup`, {});
    const code = { code: await codeFor(body.secret) };
    const set = await twice<Tokens>(way, `${AUTH}/2fa/confirm`, code, bearer(account));
    expect(set.taken).toHaveLength(1);
    // Too late in this isolate, or in the database, whichever hears of the first earlier.
    expect([401, 403, 409]).toContain(set.statuses[1]);
    expect(await subjectsTo(account.email)).toEqual(["How you sign in was changed"]);

    const tokens = await recovered(account);
    const standing = { totp: true, recoveryCodesLeft: 10 };
    expect((await as(tokens, "GET", `${AUTH}/2fa`)).body).toEqual(standing);
    const path = `${AUTH}/2fa/recovery-codes`;
    const renewed = await twice<{ recoveryCodes: string[] }>(way, path, {}, bearer(tokens));
    expect(renewed.statuses).toEqual([200, 401]);
    const [recoveryCode] = renewed.taken[0]!.body.recoveryCodes;
    const { twoFactorToken } = (await logIn<{ twoFactorToken: string }>(account)).body;
    const paper = { twoFactorToken, recoveryCode };
    const used = await twice(way, `${AUTH}/2fa/verify`, paper);
    expect(used.statuses).toEqual([200, 401]);
    await recovered(tokens);
  });

  it("a passkey is added once; a device that did not hear finds it", async ({ expect }) => {
    const account = await signedIn();
    const { PASSKEY_RP_ID: rpId = "", PASSKEY_ORIGINS } = configOf(env);
    const device = new SoftAuthenticator({ origin: PASSKEY_ORIGINS[0] ?? "", rpId });
    type Options = {
      challengeToken: string;
      publicKey: Parameters<SoftAuthenticator["create"]>[0];
    };
    const path = `${AUTH}/passkeys`;
    const { body } = await as<Options>(account, "POST", `${path}/register/options`, {});
    const credential = await device.create(body.publicKey);
    const { challengeToken } = body;
    const adding = { challengeToken, credential, name: "My phone" };
    const sent = await twice(way, `${path}/register/verify`, adding, bearer(account));
    expect(sent.statuses[0]).toBe(201);
    expect([401, 409, 422]).toContain(sent.statuses[1]);
    const tokens = await recovered(account);
    const listed = await as<{ items: unknown[] }>(tokens, "GET", path);
    expect(listed.body.items).toHaveLength(1);
    expect(await subjectsTo(account.email)).toEqual(["How you sign in was changed"]);
  });

  it("a sign-in opens two sessions, a refresh goes on with one, a sign-out ends one", async ({
    expect,
  }) => {
    const other = await signedIn();
    const { email } = other;
    const body = { email, password: PASSWORD };
    const opened = await twice<Tokens>(way, `${AUTH}/login`, body);
    expect(opened.statuses).toEqual([200, 200]);
    const [one, two] = opened.taken.map((answer) => answer.body) as [Tokens, Tokens];
    const { refreshToken } = one;
    const refreshed = await twice<Tokens>(way, `${AUTH}/refresh`, { refreshToken });
    expect(refreshed.statuses).toEqual([200, 200]);
    const successors = refreshed.taken.map((answer) => answer.body.refreshToken);
    expect(new Set(successors).size).toBe(1);
    const newest = { refreshToken: successors[0]! };
    expect((await twice(way, `${AUTH}/logout`, newest)).statuses).toEqual([200, 200]);
    expect((await refresh(newest)).status).toBe(401);
    const byToken = await twice(way, `${AUTH}/logout`, {}, bearer(two));
    expect(byToken.taken.length).toBeGreaterThan(0);
    for (const { status } of byToken.answers) expect([200, 401]).toContain(status);
    expect((await refresh(two)).status).toBe(401);
    await recovered(other);
  });
});
