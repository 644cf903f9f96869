import { describe, it } from "vitest";
import type { Me } from "../../src/account/model.ts";
import { as, logIn, newAccount, signedIn } from "../support/account.ts";
import { linkToken, ownEmail, receiveMails } from "../support/mailbox.ts";
import { signedInShopper } from "../support/signed-in.ts";
import { call } from "../support/worker-shop.ts";

type Account = Awaited<ReturnType<typeof signedIn>>;
const ask = (account: Account, email: string) => as(account, "POST", "/api/v2/me/email", { email });
const confirm = (token: string) =>
  call<{ email: string }>("POST", "/api/v2/auth/email/confirm", { body: { token } });
const emailOf = async (account: Account) => (await as<Me>(account, "GET", "/api/v2/me")).body.email;

async function linkTo(email: string): Promise<string> {
  return linkToken((await receiveMails(email)).at(-1) ?? {});
}

describe("another address for an account", () => {
  it("is its own once the link in its mail was followed, and the old one is told", async ({
    expect,
  }) => {
    const account = await signedIn();
    const email = ownEmail();
    expect(await ask(account, email)).toMatchObject({ status: 202, body: { next: "check-mail" } });
    expect(await emailOf(account)).toBe(account.email);
    const [mail] = await receiveMails(email);
    expect(mail?.subject).toBe("Confirm your new e-mail address");
    const token = linkToken(mail ?? {});
    expect(await confirm(token)).toMatchObject({ status: 200, body: { email } });
    expect(await emailOf(account)).toBe(email);
    expect((await logIn({ email })).status).toBe(200);
    expect((await logIn(account)).status).toBe(401);
    expect((await receiveMails(account.email)).map(({ subject }) => subject)).toEqual([
      "The address of your account was changed",
    ]);
    // Once.
    expect((await confirm(token)).status).toBe(422);
  });

  it("that has an account is told so, and stays that one's", async ({ expect }) => {
    const [account, other] = [await signedIn(), await newAccount()];
    expect(await ask(account, other.email)).toMatchObject({ status: 202 });
    expect((await receiveMails(other.email)).map(({ subject }) => subject)).toEqual([
      "You already have an account",
    ]);
    expect(await emailOf(account)).toBe(account.email);
  });

  it("goes to the first of two who prove it", async ({ expect }) => {
    const [one, two] = [await signedIn(), await signedIn()];
    const email = ownEmail();
    await ask(one, email);
    const first = await linkTo(email);
    await ask(two, email);
    const second = await linkTo(email);
    expect((await confirm(second)).status).toBe(200);
    expect((await confirm(first)).status).toBe(422);
    expect([await emailOf(one), await emailOf(two)]).toEqual([one.email, email]);
  });

  it("ends the links that went to the old one", async ({ expect }) => {
    const account = await signedIn();
    await call("POST", "/api/v2/auth/password/forgot", { body: { email: account.email } });
    const reset = await linkTo(account.email);
    const email = ownEmail();
    await ask(account, email);
    await confirm(await linkTo(email));
    const password = "a quite different password";
    const body = { token: reset, password };
    expect((await call("POST", "/api/v2/auth/password/reset", { body })).status).toBe(422);
  });

  it("is asked for by a fresh proof alone, and a link for one thing opens no other", async ({
    expect,
  }) => {
    const account = await signedIn();
    const hourAgo = Math.floor(Date.now() / 1000) - 3_600;
    const { headers } = await signedInShopper(account.id, { auth_time: hourAgo });
    const body = { email: ownEmail() };
    const refused = await call<{ type: string }>("POST", "/api/v2/me/email", { headers, body });
    expect(refused.body.type).toBe("/problems/step-up-required");
    await ask(account, body.email);
    const token = await linkTo(body.email);
    for (const path of ["verify-email", "password/reset"]) {
      const other = { token, password: "a quite different password" };
      expect((await call("POST", `/api/v2/auth/${path}`, { body: other })).status).toBe(422);
    }
    expect((await confirm("nonsense")).status).toBe(422);
  });
});
