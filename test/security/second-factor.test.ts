import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { totpFactors } from "../../src/identity/factors/schema.ts";
import { openIo } from "../../src/platform/io/io.ts";
import {
  aged,
  as,
  bearer,
  codeFor,
  logIn,
  newAccount,
  type Secured,
  securedAccount,
  type Tokens,
} from "../support/account.ts";
import { receiveMails } from "../support/mailbox.ts";
import { call } from "../support/worker-shop.ts";

type Needed = { twoFactorToken: string; methods: string[] };

const needed = async (account: Secured) => (await logIn<Needed>(account)).body.twoFactorToken;

const verify = (twoFactorToken: string, given: object, address = "198.51.100.1") =>
  call<Tokens & { type: string }>("POST", "/api/v2/auth/2fa/verify", {
    body: { twoFactorToken, ...given },
    headers: { "CF-Connecting-IP": address },
  });

const counted = (answers: { status: number }[]) =>
  Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, all]) => [status, all.length]),
  );

describe("a second factor", () => {
  it("20 · a code is taken once, also when it is sent many times at once", async ({ expect }) => {
    const account = await securedAccount();
    const token = await needed(account);
    const code = await codeFor(account.secret, 1);
    const addresses = Array.from({ length: 5 }, (_each, at) => `198.51.100.${at}`);
    const answers = await Promise.all(addresses.map((at) => verify(token, { code }, at)));
    expect(counted(answers)).toEqual({ 200: 1, 401: 4 });
    expect((await verify(token, { code }, "198.51.100.9")).body.type).toBe(
      "/problems/second-factor-refused",
    );
  });

  it("20 · the code that set it up is used up, and those before it", async ({ expect }) => {
    const account = await securedAccount();
    const token = await needed(account);
    for (const code of [account.usedCode, await codeFor(account.secret, -1)]) {
      expect((await verify(token, { code })).status).toBe(401);
    }
  });

  it("21 · codes more than a step old or new are refused, by the server's clock", async ({
    expect,
  }) => {
    const account = await securedAccount();
    const { sql } = openIo(env, "test");
    await sql.update(totpFactors).set({ lastStep: 0 }).where(eq(totpFactors.userId, account.id));
    const token = await needed(account);
    for (const ahead of [-2, -20, 3, 20]) {
      const code = await codeFor(account.secret, ahead);
      expect((await verify(token, { code })).status).toBe(401);
    }
    // What the client says about time is nobody's clock.
    const late = { twoFactorToken: token, code: await codeFor(account.secret, -20) };
    const headers = { Date: new Date(Date.now() - 600_000).toUTCString() };
    expect((await call("POST", "/api/v2/auth/2fa/verify", { body: late, headers })).status).toBe(
      401,
    );
    const code = await codeFor(account.secret);
    expect((await verify(token, { code }, "198.51.100.2")).status).toBe(200);
  });

  it("22 · of a hundred wrong codes at once from as many addresses ten are looked at, and the owner gets in", async ({
    expect,
  }) => {
    const account = await securedAccount();
    const home = "203.0.113.7";
    const right = { code: await codeFor(account.secret, 1) };
    expect((await verify(await needed(account), right, home)).status).toBe(200);

    const token = await needed(account);
    const guesses = Array.from({ length: 100 }, (_each, at) =>
      verify(token, { code: "000000" }, `198.51.100.${at}`),
    );
    const answers = await Promise.all(guesses);
    expect(counted(answers)).toEqual({ 401: 10, 429: 90 });
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("Retry-After"))).toBeGreaterThan(0);

    // Even the right code is not looked at for a stranger now, but it is for the owner at home, or with paper.
    const { sql } = openIo(env, "test");
    await sql.update(totpFactors).set({ lastStep: 0 }).where(eq(totpFactors.userId, account.id));
    const code = await codeFor(account.secret);
    expect((await verify(token, { code }, "198.51.100.200")).status).toBe(429);
    expect((await verify(token, { code }, home)).status).toBe(200);
    const paper = { recoveryCode: account.recoveryCodes[0] };
    expect((await verify(token, paper, "198.51.100.201")).status).toBe(200);
  });

  it("22 · one address that goes on guessing waits longer and longer", async ({ expect }) => {
    const account = await securedAccount();
    const token = await needed(account);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => verify(token, { code: "000000" })),
    );
    const evaluated = counted(answers)[401];
    expect(evaluated).toBeGreaterThanOrEqual(5);
    // Five at once; then 1, 2, 4, 8 s apart, should this take so long.
    expect(evaluated).toBeLessThanOrEqual(9);
  });

  it("23 · a recovery code sent many times at once is taken once", async ({ expect }) => {
    const account = await securedAccount();
    const token = await needed(account);
    const [recoveryCode] = account.recoveryCodes;
    const addresses = Array.from({ length: 8 }, (_each, at) => `198.51.100.${at}`);
    const answers = await Promise.all(addresses.map((at) => verify(token, { recoveryCode }, at)));
    expect(counted(answers)).toEqual({ 200: 1, 401: 7 });
    const standing = await as<{ recoveryCodesLeft: number }>(
      account.tokens,
      "GET",
      "/api/v2/auth/2fa",
    );
    expect(standing.body).toEqual({ totp: true, recoveryCodesLeft: 9 });
  });

  it("23 · codes that were replaced are over", async ({ expect }) => {
    const account = await securedAccount();
    const path = "/api/v2/auth/2fa/recovery-codes";
    const renewed = await as<{ recoveryCodes: string[] }>(account.tokens, "POST", path, {});
    expect(renewed.body.recoveryCodes).toHaveLength(10);
    const token = await needed(account);
    const [old] = account.recoveryCodes;
    expect((await verify(token, { recoveryCode: old })).status).toBe(401);
    const [fresh] = renewed.body.recoveryCodes;
    expect((await verify(token, { recoveryCode: fresh?.toUpperCase() })).status).toBe(200);
  });
});

describe("24 · a second factor cannot be got around", () => {
  it("by a right password alone, or by using its token for something else", async ({ expect }) => {
    const account = await securedAccount();
    const { status, body } = await logIn<Needed & Partial<Tokens>>(account);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(["expiresIn", "methods", "twoFactorToken"]);
    const headers = { Authorization: `Bearer ${body.twoFactorToken}` };
    for (const path of ["/api/v2/cart", "/api/v2/order", "/api/v2/auth/2fa"]) {
      expect((await call("GET", path, { headers })).status).toBe(401);
    }
    const refresh = { refreshToken: body.twoFactorToken.slice(0, 200) };
    expect((await call("POST", "/api/v2/auth/refresh", { body: refresh })).status).toBe(401);
  });

  it("by the token of another kind, of another account, or of nobody", async ({ expect }) => {
    const [owner, other] = [await securedAccount(), await securedAccount()];
    const code = await codeFor(owner.secret, 1);
    for (const token of [other.tokens.accessToken, owner.tokens.accessToken, "a.b.c"]) {
      expect((await verify(token, { code })).status).toBe(401);
    }
    expect((await verify(await needed(other), { code })).status).toBe(401);
    expect((await verify(await needed(owner), { code })).status).toBe(200);
  });

  it("by a session that is older than it", async ({ expect }) => {
    const account = await newAccount();
    const [old, own] = [(await logIn(account)).body, (await logIn(account)).body];
    const begun = await as<{ secret: string }>(own, "POST", "/api/v2/auth/2fa/setup", {});
    const code = await codeFor(begun.body.secret);
    const set = await as<Tokens>(own, "POST", "/api/v2/auth/2fa/confirm", { code });
    expect(set.status).toBe(200);

    const { refreshToken } = old;
    const refreshed = await call("POST", "/api/v2/auth/refresh", { body: { refreshToken } });
    expect(refreshed.status).toBe(401);
    // For a second an isolate may not have heard of it; what such a token has proven is too little already.
    for (const tokens of [old, own]) {
      const answer = await as(tokens, "POST", "/api/v2/auth/2fa/disable", {});
      expect([401, 403]).toContain(answer.status);
    }
    // The session that set it goes on with what it was given.
    const again = { refreshToken: set.body.refreshToken };
    expect((await call("POST", "/api/v2/auth/refresh", { body: again })).status).toBe(200);
    expect((await as(set.body, "GET", "/api/v2/auth/2fa")).status).toBe(200);
  });

  it("by a sign-in that had begun before everything was signed out", async ({ expect }) => {
    const account = await securedAccount();
    const token = await needed(account);
    expect((await as(account.tokens, "POST", "/api/v2/auth/logout-all", {})).status).toBe(200);
    const code = await codeFor(account.secret, 1);
    expect((await verify(token, { code })).status).toBe(401);
  });

  it("by an old proof: what changes it asks for a recent one", async ({ expect }) => {
    const account = await securedAccount();
    const later = await aged(account, account.tokens);
    for (const path of [
      "2fa/setup",
      "2fa/disable",
      "2fa/recovery-codes",
      "passkeys/register/options",
    ]) {
      const answer = await as<{ type: string; methods: string[] }>(
        later,
        "POST",
        `/api/v2/auth/${path}`,
        {},
      );
      expect([path, answer.status, answer.body.type]).toEqual([
        path,
        403,
        "/problems/step-up-required",
      ]);
      expect(answer.body.methods).toEqual(["totp", "recovery_code", "passkey"]);
    }
  });

  it("while another app is being set up: the first one stays until the second is confirmed", async ({
    expect,
  }) => {
    const account = await securedAccount();
    const path = "/api/v2/auth/2fa";
    const begun = await as<{ secret: string }>(account.tokens, "POST", `${path}/setup`, {});
    const wrong = { code: await codeFor(account.secret, 1) };
    expect((await as(account.tokens, "POST", `${path}/confirm`, wrong)).status).toBe(422);
    const token = await needed(account);
    expect((await verify(token, { code: await codeFor(begun.body.secret) })).status).toBe(401);
    expect((await verify(token, wrong)).status).toBe(200);
    const code = await codeFor(begun.body.secret);
    expect((await as(account.tokens, "POST", `${path}/confirm`, { code })).status).toBe(200);
    const next = await codeFor(begun.body.secret, 1);
    expect((await verify(await needed(account), { code: next })).status).toBe(200);
  });

  it("and is gone when its owner removes it", async ({ expect }) => {
    const account = await securedAccount();
    const removed = await as<Tokens>(account.tokens, "POST", "/api/v2/auth/2fa/disable", {});
    expect(removed.status).toBe(200);
    expect((await logIn<Partial<Tokens>>(account)).body.accessToken).toBeDefined();
    const standing = await as(removed.body, "GET", "/api/v2/auth/2fa");
    expect(standing.body).toEqual({ totp: false, recoveryCodesLeft: 0 });
    const conflict = await as<{ reason: string }>(
      removed.body,
      "POST",
      "/api/v2/auth/2fa/disable",
      {},
    );
    expect([conflict.status, conflict.body.reason]).toEqual([409, "not_set"]);
  });

  it("but staff can remove it for an owner who has lost everything; the owner is told", async ({
    expect,
  }) => {
    const account = await securedAccount();
    const path = `/ops/v1/users/${account.id}/second-factor`;
    const shopper = { headers: bearer(account.tokens) };
    expect((await call("DELETE", path, shopper)).status).toBe(401);
    expect((await call("DELETE", path)).status).toBe(200);
    expect((await call("DELETE", path)).status).toBe(404);
    const { refreshToken } = account.tokens;
    const refreshed = await call("POST", "/api/v2/auth/refresh", { body: { refreshToken } });
    expect(refreshed.status).toBe(401);
    expect((await logIn<Partial<Tokens>>(account)).body.accessToken).toBeDefined();
    expect((await receiveMails(account.email)).map(({ subject }) => subject)).toEqual(
      Array(2).fill("How you sign in was changed"),
    );
  });

  it("nor read from the database: secrets and codes are not stored as they are", async ({
    expect,
  }) => {
    const account = await securedAccount();
    const { sql } = openIo(env, "test");
    const [row] = await sql.select().from(totpFactors).where(eq(totpFactors.userId, account.id));
    expect(row?.secret).toMatch(/^[a-z0-9]+\.[\w-]{60,}$/);
    expect(JSON.stringify(row)).not.toContain(account.secret);
  });
});
