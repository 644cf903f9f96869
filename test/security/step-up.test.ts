import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { configOf } from "../../src/platform/config/config.ts";
import {
  aged,
  as,
  claimsOf,
  codeFor,
  logIn,
  newAccount,
  PASSWORD,
  securedAccount,
  type Tokens,
} from "../support/account.ts";
import { SoftAuthenticator } from "../support/authenticator.ts";
import { linkToken, receiveMails } from "../support/mailbox.ts";
import { call } from "../support/worker-shop.ts";

const AUTH = "/api/v2/auth";
const SETUP = `${AUTH}/2fa/setup`;
const STEP_UP = `${AUTH}/step-up`;
const PASSKEYS = `${AUTH}/passkeys`;

type Challenge<P> = { challengeToken: string; publicKey: P };
type Creation = Challenge<Parameters<SoftAuthenticator["create"]>[0]>;
type Request = Challenge<{ challenge: string; allowCredentials: { id: string }[] }>;
type Refusal = { type: string; methods: string[] };

async function withPasskey(tokens: Tokens) {
  const { PASSKEY_RP_ID: rpId = "", PASSKEY_ORIGINS } = configOf(env);
  const authenticator = new SoftAuthenticator({ origin: PASSKEY_ORIGINS[0] ?? "", rpId });
  const { body } = await as<Creation>(tokens, "POST", `${PASSKEYS}/register/options`, {});
  const credential = await authenticator.create(body.publicKey);
  const { challengeToken } = body;
  const added = await as<Tokens>(tokens, "POST", `${PASSKEYS}/register/verify`, {
    challengeToken,
    credential,
  });
  if (added.status !== 201) throw new Error(JSON.stringify(added.body));
  return { authenticator, tokens: added.body };
}

describe("stepping up", () => {
  it("by the password is enough where no second factor is set", async ({ expect }) => {
    const account = await newAccount();
    const old = await aged(account, (await logIn(account)).body);
    const refused = await as<Refusal>(old, "POST", SETUP, {});
    expect(refused).toMatchObject({ status: 403, body: { methods: ["password", "passkey"] } });
    expect((await as(old, "POST", STEP_UP, { password: "not it" })).status).toBe(401);
    expect((await as(old, "POST", SETUP, {})).status).toBe(403);

    const raised = await as<Tokens>(old, "POST", STEP_UP, { password: PASSWORD });
    expect(raised.status).toBe(200);
    expect((await as(raised.body, "POST", SETUP, {})).status).toBe(200);
    // It is the session that was raised: its next tokens say so too.
    const { refreshToken } = raised.body;
    const next = await call<Tokens>("POST", `${AUTH}/refresh`, { body: { refreshToken } });
    expect((await as(next.body, "POST", SETUP, {})).status).toBe(200);
  });

  it("24 · by the password is too little where one is set; by its code it is enough", async ({
    expect,
  }) => {
    const account = await securedAccount();
    const old = await aged(account, account.tokens);
    const refused = await as<Refusal>(old, "POST", STEP_UP, { password: PASSWORD });
    expect(refused).toMatchObject({
      status: 403,
      body: { type: "/problems/step-up-required", methods: ["totp", "recovery_code", "passkey"] },
    });
    expect((await as(old, "POST", STEP_UP, { code: account.usedCode })).status).toBe(401);
    const code = await codeFor(account.secret, 1);
    const raised = await as<Tokens>(old, "POST", STEP_UP, { code });
    expect(raised.status).toBe(200);
    expect((await as(raised.body, "POST", `${AUTH}/2fa/disable`, {})).status).toBe(200);
  });

  it("by a passkey of one's own is always enough", async ({ expect }) => {
    const account = await securedAccount();
    const { authenticator, tokens } = await withPasskey(account.tokens);
    const old = await aged(account, tokens);
    const { body } = await as<Request>(old, "POST", `${STEP_UP}/options`, {});
    expect(body.publicKey.allowCredentials).toMatchObject([{ id: authenticator.id }]);
    const credential = await authenticator.get(body.publicKey, { userHandle: null });
    const passkey = { challengeToken: body.challengeToken, credential };
    const raised = await as<Tokens>(old, "POST", STEP_UP, { passkey });
    expect(raised.status).toBe(200);
    expect((await as(raised.body, "POST", SETUP, {})).status).toBe(200);
    expect((await as(old, "POST", STEP_UP, { passkey })).status).toBe(401);
  });

  it("is what renews a proof; a change by an old one does not", async ({ expect }) => {
    const account = await securedAccount();
    const old = await aged(account, account.tokens, 9);
    const renewed = await as<Tokens>(old, "POST", `${AUTH}/2fa/recovery-codes`, {});
    expect(renewed.status).toBe(200);
    expect(claimsOf(renewed.body).auth_time).toBe(claimsOf(old).auth_time);
    const code = await codeFor(account.secret, 1);
    const raised = await as<Tokens>(renewed.body, "POST", STEP_UP, { code });
    expect(claimsOf(raised.body).auth_time).toBeGreaterThan(claimsOf(old).auth_time + 500);
    expect(claimsOf(raised.body).amr).toEqual(["password", "totp"]);
  });

  it("takes exactly one proof", async ({ expect }) => {
    const { body: tokens } = await logIn(await newAccount());
    expect((await as(tokens, "POST", STEP_UP, {})).status).toBe(422);
    const two = { password: PASSWORD, code: "000000" };
    expect((await as(tokens, "POST", STEP_UP, two)).status).toBe(422);
  });
});

describe("24 · a second factor cannot be got around", () => {
  it("by a change of the password in an old session, nor is that a proof of it", async ({
    expect,
  }) => {
    const account = await securedAccount();
    const change = { currentPassword: PASSWORD, newPassword: "another good password" };
    const old = await aged(account, account.tokens);
    const refused = await as<Refusal>(old, "POST", `${AUTH}/password/change`, change);
    expect(refused).toMatchObject({ status: 403, body: { type: "/problems/step-up-required" } });

    const plain = await newAccount();
    const before = await aged(plain, (await logIn(plain)).body);
    const changed = await as<Tokens>(before, "POST", `${AUTH}/password/change`, change);
    expect(changed.status).toBe(200);
    expect((await as(changed.body, "POST", SETUP, {})).status).toBe(403);
  });

  it("by a reset of the password", async ({ expect }) => {
    const account = await securedAccount();
    const { email } = account;
    await call("POST", `${AUTH}/password/forgot`, { body: { email } });
    const mails = await receiveMails(email);
    const token = linkToken(mails.find(({ subject }) => subject === "Set a new password") ?? {});
    const password = "a password from a mail";
    const reset = await call("POST", `${AUTH}/password/reset`, { body: { token, password } });
    expect(reset).toMatchObject({ status: 200, body: { next: "log-in" } });

    const { body } = await logIn<{ twoFactorToken: string; accessToken?: string }>(
      account,
      password,
    );
    expect(body.accessToken).toBeUndefined();
    const { twoFactorToken } = body;
    const wrong = { twoFactorToken, code: account.usedCode };
    expect((await call("POST", `${AUTH}/2fa/verify`, { body: wrong })).status).toBe(401);
    const right = { twoFactorToken, recoveryCode: account.recoveryCodes[3] };
    expect((await call("POST", `${AUTH}/2fa/verify`, { body: right })).status).toBe(200);
  });

  it("without its owner being told by mail", async ({ expect }) => {
    const account = await securedAccount();
    const { tokens } = await withPasskey(account.tokens);
    expect((await as(tokens, "POST", `${AUTH}/2fa/disable`, {})).status).toBe(200);
    const subjects = (await receiveMails(account.email)).map(({ subject }) => subject);
    expect(subjects).toEqual(Array(3).fill("How you sign in was changed"));
  });
});
