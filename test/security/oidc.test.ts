import { describe, it, onTestFinished } from "vitest";
import { ID_TOKEN_FAULTS } from "../../local/issuer/id-tokens.ts";
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
import {
  agree,
  ISSUER,
  link,
  newPerson,
  OIDC,
  PROVIDER,
  redirectUris,
  type Started,
  setFault,
  setWeather,
  signInElsewhere,
  start,
} from "../support/issuer.ts";
import { linkToken, ownEmail, receiveMails } from "../support/mailbox.ts";
import { call } from "../support/worker-shop.ts";

const AUTH = "/api/v2/auth";
type Refusal = { type: string; reason?: string };
type Needed = { twoFactorToken: string; accessToken?: string };

const ownerOf = (tokens: Tokens) => claimsOf(tokens).sub;

const callback = (body: object, path = `${OIDC}/callback`) =>
  call<Tokens & Refusal>("POST", path, { body });

describe("signing in by an account elsewhere", () => {
  it("makes an account at the first time and finds it afterwards, whatever its address is then", async ({
    expect,
  }) => {
    const person = await newPerson();
    const first = await signInElsewhere(person);
    expect(first.status).toBe(200);
    const again = await signInElsewhere(await newPerson({ ...person, email: ownEmail() }));
    expect(ownerOf(again.body)).toBe(ownerOf(first.body));
    const links = await as<{ items: { provider: string }[] }>(
      first.body,
      "GET",
      `${AUTH}/oidc/links`,
    );
    expect(links.body.items).toMatchObject([{ provider: PROVIDER }]);
  });

  it("of many at once for a new person makes one account", async ({ expect }) => {
    const person = await newPerson();
    const answers = await Promise.all(Array.from({ length: 4 }, () => signInElsewhere(person)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const owners = answers.map(({ body }) => ownerOf(body));
    expect(new Set(owners).size).toBe(1);
  });

  it("opens the account that has the same proven address; its owner is told, its sessions end", async ({
    expect,
  }) => {
    const account = await newAccount();
    const { body: old } = await logIn(account);
    const signedIn = await signInElsewhere(await newPerson({ email: account.email }));
    expect(ownerOf(signedIn.body)).toBe(account.id);
    const refresh = { refreshToken: old.refreshToken };
    expect((await call("POST", `${AUTH}/refresh`, { body: refresh })).status).toBe(401);
    const subjects = (await receiveMails(account.email)).map(({ subject }) => subject);
    expect(subjects).toEqual(["How you sign in was changed"]);
  });

  it("names where one can, and sends browsers only to pages that are configured", async ({
    expect,
  }) => {
    const { body } = await call("GET", `${AUTH}/oidc`);
    expect(body).toMatchObject({ items: [{ id: PROVIDER }] });
    const url = new URL((await start()).authorizationUrl);
    expect(url.origin).toBe(ISSUER);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: "code",
      redirect_uri: redirectUris[0],
      code_challenge_method: "S256",
      scope: "openid email profile",
    });
    const evil = ["https://evil.example/", `${redirectUris[0]}/../x`, `${redirectUris[0]}?a=b`];
    for (const redirectUri of evil) {
      const answer = await call("POST", `${OIDC}/start`, { body: { redirectUri } });
      expect([redirectUri, answer.status]).toEqual([redirectUri, 422]);
    }
    expect((await call("POST", `${AUTH}/oidc/nobody/start`, { body: {} })).status).toBe(404);
  });

  it("waits for an issuer that is away, and says so", async ({ expect }) => {
    const started = await start();
    const back = await agree(started, await newPerson());
    onTestFinished(async () => void (await setWeather({})));
    await setWeather({ down: true });
    const answer = await callback({ ...back, flowToken: started.flowToken });
    expect(answer).toMatchObject({
      status: 503,
      body: { type: "/problems/dependency-unavailable" },
    });
  });
});

describe("what comes back from elsewhere is refused", () => {
  it("when the ID token is wrong in any way", async ({ expect }) => {
    onTestFinished(async () => void (await setFault(undefined)));
    const person = await newPerson();
    for (const fault of ID_TOKEN_FAULTS) {
      await setFault(fault);
      const answer = await signInElsewhere<Refusal>(person);
      expect([fault, answer.status, answer.body.type]).toEqual([
        fault,
        401,
        "/problems/oidc-refused",
      ]);
    }
  });

  it("a second time, even at once", async ({ expect }) => {
    const started = await start();
    const back = await agree(started, await newPerson());
    const body = { ...back, flowToken: started.flowToken };
    const answers = await Promise.all(Array.from({ length: 4 }, () => callback(body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it("in a browser that did not begin it: a code of an attacker's signs nobody in", async ({
    expect,
  }) => {
    const [mine, theirs] = [await start(), await start()];
    const back = await agree(theirs, await newPerson());
    expect((await callback({ ...back, flowToken: mine.flowToken })).status).toBe(401);
    const state = new URL(mine.authorizationUrl).searchParams.get("state") ?? "";
    const swapped = { ...back, state, flowToken: mine.flowToken };
    expect((await callback(swapped)).status).toBe(401);
  });

  it("with a state that is not the one it was sent with", async ({ expect }) => {
    const started = await start();
    const back = await agree(started, await newPerson());
    const { flowToken } = started;
    expect((await callback({ ...back, state: "another", flowToken })).status).toBe(401);
    expect((await callback({ ...back, flowToken })).status).toBe(200);
  });

  it("with another issuer's name, or none where the issuer promises one", async ({ expect }) => {
    for (const iss of ["https://issuer.example", undefined]) {
      const started = await start();
      const back = await agree(started, await newPerson());
      const answer = await callback({ ...back, iss, flowToken: started.flowToken });
      expect(answer.status).toBe(401);
    }
  });

  it("where it was begun for something else: to link, not to sign in", async ({ expect }) => {
    const { body: tokens } = await logIn(await newAccount());
    const linking = (await as<Started>(tokens, "POST", `${OIDC}/link`, {})).body;
    const back = await agree(linking, await newPerson());
    expect((await callback({ ...back, flowToken: linking.flowToken })).status).toBe(401);

    const started = await start();
    const body = { ...(await agree(started, await newPerson())), flowToken: started.flowToken };
    expect((await as(tokens, "POST", `${OIDC}/link/callback`, body)).status).toBe(401);
    const { body: other } = await logIn(await newAccount());
    const again = (await as<Started>(tokens, "POST", `${OIDC}/link`, {})).body;
    const theirs = { ...(await agree(again, await newPerson())), flowToken: again.flowToken };
    expect((await as(other, "POST", `${OIDC}/link/callback`, theirs)).status).toBe(401);
  });
});

describe("nobody can lie in wait for an account", () => {
  it("by an address that the issuer has not verified", async ({ expect }) => {
    const account = await newAccount();
    for (const email of [account.email, ownEmail()]) {
      const person = await newPerson({ email, email_verified: false });
      const answer = await signInElsewhere<Refusal>(person);
      expect(answer).toMatchObject({ status: 409, body: { reason: "email_unverified" } });
    }
  });

  it("by an address that is only by our rule the same mailbox", async ({ expect }) => {
    const account = await newAccount();
    const email = account.email.replace("@", "+label@");
    const answer = await signInElsewhere<Refusal>(await newPerson({ email }));
    expect(answer).toMatchObject({ status: 409, body: { reason: "link_required" } });
  });

  it("by registering its address first: who never proved it gets nothing of it", async ({
    expect,
  }) => {
    const email = ownEmail();
    await call("POST", `${AUTH}/register`, { body: { email, password: "an attacker's password" } });
    const [mail] = await receiveMails(email);
    const signedIn = await signInElsewhere(await newPerson({ email }));
    expect(signedIn.status).toBe(200);
    const attacker = { email };
    expect((await logIn(attacker, "an attacker's password")).status).toBe(401);
    // Not even if the owner follows the link of that old mail.
    const token = linkToken(mail ?? {});
    expect((await call("POST", `${AUTH}/verify-email`, { body: { token } })).status).toBe(422);
    expect((await logIn(attacker, "an attacker's password")).status).toBe(401);
  });

  it("the other way round: who registers with the address of such an account is told nothing", async ({
    expect,
  }) => {
    const person = await newPerson();
    await signInElsewhere(person);
    const { email } = person;
    const registration = { email, password: "an attacker's password" };
    const answer = await call("POST", `${AUTH}/register`, { body: registration });
    expect(answer).toMatchObject({ status: 202, body: { next: "check-mail" } });
    expect((await receiveMails(email)).at(-1)?.subject).toBe("You already have an account");
    expect((await logIn({ email }, "an attacker's password")).status).toBe(401);
  });
});

describe("links", () => {
  it("are made by who is signed in, whatever the address, and taken away again", async ({
    expect,
  }) => {
    const account = await newAccount();
    const person = await newPerson({ email_verified: false });
    const linked = await link((await logIn(account)).body, person);
    expect(linked.status).toBe(200);
    expect(ownerOf((await signInElsewhere(person)).body)).toBe(account.id);

    const removed = await as<Tokens>(linked.body, "DELETE", `${OIDC}/link`);
    expect(removed.status).toBe(200);
    expect((await signInElsewhere(person)).status).toBe(409);
    expect((await as(removed.body, "DELETE", `${OIDC}/link`)).status).toBe(404);
    const subjects = (await receiveMails(account.email)).map(({ subject }) => subject);
    expect(subjects).toEqual(Array(2).fill("How you sign in was changed"));
  });

  it("do not take somebody else's, nor a second one of an issuer", async ({ expect }) => {
    const person = await newPerson();
    await signInElsewhere(person);
    const { body: tokens } = await logIn(await newAccount());
    const conflict = { status: 409, body: { reason: "already_linked" } };
    expect(await link<Refusal>(tokens, person)).toMatchObject(conflict);
    const own = await link(tokens, await newPerson());
    expect(own.status).toBe(200);
    expect(await link<Refusal>(own.body, await newPerson())).toMatchObject(conflict);
  });
});

describe("24 · a second factor cannot be got around", () => {
  it("by signing in elsewhere: it is asked for here", async ({ expect }) => {
    const account = await securedAccount();
    const person = await newPerson({ email: account.email });
    const { status, body } = await signInElsewhere<Needed>(person);
    expect([status, body.accessToken]).toEqual([200, undefined]);
    const given = { twoFactorToken: body.twoFactorToken, code: await codeFor(account.secret, 1) };
    expect((await call("POST", `${AUTH}/2fa/verify`, { body: given })).status).toBe(200);
    const again = await signInElsewhere<Needed>(person);
    expect(again.body.accessToken).toBeUndefined();
  });

  it("by linking one's own account elsewhere with somebody's old session", async ({ expect }) => {
    const account = await securedAccount();
    const old = await aged(account, account.tokens);
    for (const [method, path] of [
      ["POST", `${OIDC}/link`],
      ["DELETE", `${OIDC}/link`],
    ] as const) {
      const answer = await as<Refusal>(old, method, path, method === "POST" ? {} : undefined);
      expect(answer).toMatchObject({ status: 403, body: { type: "/problems/step-up-required" } });
    }
    expect((await as(old, "POST", `${AUTH}/step-up`, { password: PASSWORD })).status).toBe(403);
  });
});
