import { env } from "cloudflare:workers";
import { base64url } from "jose";
import { describe, it } from "vitest";
import { configOf } from "../../src/platform/config/config.ts";
import {
  type Account,
  as,
  logIn,
  newAccount,
  securedAccount,
  type Tokens,
} from "../support/account.ts";
import { type Behaviour, SoftAuthenticator } from "../support/authenticator.ts";
import { call } from "../support/worker-shop.ts";

const PATH = "/api/v2/auth/passkeys";
const { PASSKEY_RP_ID: rpId = "", PASSKEY_ORIGINS } = configOf(env);
const origin = PASSKEY_ORIGINS[0] ?? "";

type Creation = {
  challengeToken: string;
  publicKey: Parameters<SoftAuthenticator["create"]>[0] & { excludeCredentials: { id: string }[] };
};
type Request = {
  challengeToken: string;
  publicKey: { challenge: string; allowCredentials: unknown[] };
};
type Added = Tokens & { passkey: { id: string; name: string } };

const device = () => new SoftAuthenticator({ origin, rpId });

async function register(
  tokens: Tokens,
  authenticator: SoftAuthenticator,
  behaviour: Parameters<SoftAuthenticator["create"]>[1] = {},
) {
  const { body } = await as<Creation>(tokens, "POST", `${PATH}/register/options`, {});
  const credential = await authenticator.create(body.publicKey, behaviour);
  const { challengeToken } = body;
  return as<Added & { type: string; reason: string }>(tokens, "POST", `${PATH}/register/verify`, {
    challengeToken,
    credential,
    name: "My phone",
  });
}

const challenge = () => call<Request>("POST", `${PATH}/login/options`, { body: {} });

async function signIn(authenticator: SoftAuthenticator, behaviour: Behaviour = {}) {
  const { body } = await challenge();
  const credential = await authenticator.get(body.publicKey, behaviour);
  return finish(body.challengeToken, credential);
}

const finish = (challengeToken: string, credential: object) =>
  call<Tokens & { type: string }>("POST", `${PATH}/login/verify`, {
    body: { challengeToken, credential },
  });

async function holder(): Promise<{
  account: Account;
  authenticator: SoftAuthenticator;
  added: Added;
}> {
  const account = await newAccount();
  const authenticator = device();
  const added = await register((await logIn(account)).body, authenticator);
  if (added.status !== 201) throw new Error(JSON.stringify(added.body));
  return { account, authenticator, added: added.body };
}

describe("a passkey", () => {
  it("signs in without a password, and without a code although one is set: it is both factors", async ({
    expect,
  }) => {
    const account = await securedAccount();
    const authenticator = device();
    const added = await register(account.tokens, authenticator);
    expect(added.status).toBe(201);
    const signedIn = await signIn(authenticator);
    expect(signedIn.status).toBe(200);
    // The session counts as one of a second factor.
    const renewed = await as(signedIn.body, "POST", "/api/v2/auth/2fa/recovery-codes", {});
    expect(renewed.status).toBe(200);
  });

  it("is listed for its owner, offered at step-up, not made twice, and removed", async ({
    expect,
  }) => {
    const { authenticator, added } = await holder();
    const listed = await as<{ items: { id: string; name: string }[] }>(added, "GET", PATH);
    expect(listed.body.items).toMatchObject([{ id: added.passkey.id, name: "My phone" }]);
    const again = await as<Creation>(added, "POST", `${PATH}/register/options`, {});
    expect(again.body.publicKey.excludeCredentials.map(({ id }) => id)).toEqual([authenticator.id]);

    const other = (await logIn(await newAccount())).body;
    expect((await as(other, "DELETE", `${PATH}/${added.passkey.id}`)).status).toBe(404);
    const removed = await as<Tokens>(added, "DELETE", `${PATH}/${added.passkey.id}`);
    expect(removed.status).toBe(200);
    expect((await signIn(authenticator)).status).toBe(401);
    const { refreshToken } = removed.body;
    expect((await call("POST", "/api/v2/auth/refresh", { body: { refreshToken } })).status).toBe(
      200,
    );
  });

  it("ends the sessions that are older than it", async ({ expect }) => {
    const account = await newAccount();
    const [old, own] = [(await logIn(account)).body, (await logIn(account)).body];
    expect((await register(own, device())).status).toBe(201);
    const { refreshToken } = old;
    expect((await call("POST", "/api/v2/auth/refresh", { body: { refreshToken } })).status).toBe(
      401,
    );
  });

  it("tells nobody who has an account: the options name no credential and store nothing", async ({
    expect,
  }) => {
    const { body, headers } = await challenge();
    expect(body.publicKey.allowCredentials).toEqual([]);
    expect(headers.get("X-Round-Trips")).toBe("0");
  });
});

describe("a passkey is refused", () => {
  const wrong: Record<string, Behaviour> = {
    "from another origin": { origin: "https://shop.evil.example" },
    "from the origin on another port": { origin: `${origin}0` },
    "for another domain": { rpId: "evil.example" },
    "whose user was not verified": { verifiesUser: false },
    "that was made for another purpose": { type: "webauthn.create" },
    "for another challenge": { challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAA" },
    "in another site's frame": { crossOrigin: true },
    "without the user that it is for": { userHandle: null },
    "for another user": { userHandle: "dXNyX290aGVy" },
  };

  it("at sign-in when anything about it is not right", async ({ expect }) => {
    const { authenticator } = await holder();
    for (const [what, behaviour] of Object.entries(wrong)) {
      const answer = await signIn(authenticator, behaviour);
      expect([what, answer.status, answer.body.type]).toEqual([
        what,
        401,
        "/problems/passkey-refused",
      ]);
    }
    expect((await signIn(authenticator)).status).toBe(200);
  });

  it("at registration likewise", async ({ expect }) => {
    const tokens = (await logIn(await newAccount())).body;
    const {
      origin: other,
      rpId: domain,
      verifiesUser,
      type,
      challenge: old,
    } = {
      ...wrong["from another origin"],
      ...wrong["for another domain"],
      ...wrong["whose user was not verified"],
      ...wrong["for another challenge"],
      type: "webauthn.get",
    };
    for (const behaviour of [
      { origin: other! },
      { rpId: domain! },
      { verifiesUser: verifiesUser! },
      { type },
      { challenge: old! },
    ]) {
      const answer = await register(tokens, device(), behaviour);
      expect([behaviour, answer.status]).toEqual([behaviour, 422]);
    }
    expect((await as<{ items: unknown[] }>(tokens, "GET", PATH)).body.items).toEqual([]);
  });

  it("when its challenge comes a second time, even many at once", async ({ expect }) => {
    const { authenticator } = await holder();
    const { body } = await challenge();
    const credential = await authenticator.get(body.publicKey);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => finish(body.challengeToken, credential)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
  });

  it("with a challenge of our own that was meant for something else, or for somebody else", async ({
    expect,
  }) => {
    const { authenticator, added } = await holder();
    const stepUp = await as<Request>(added, "POST", "/api/v2/auth/step-up/options", {});
    const credential = await authenticator.get(stepUp.body.publicKey);
    expect((await finish(stepUp.body.challengeToken, credential)).status).toBe(401);

    const other = await holder();
    const theirs = await as<Request>(other.added, "POST", "/api/v2/auth/step-up/options", {});
    const { challengeToken, publicKey } = theirs.body;
    const passkey = { challengeToken, credential: await authenticator.get(publicKey) };
    expect((await as(other.added, "POST", "/api/v2/auth/step-up", { passkey })).status).toBe(401);
  });

  it("when its signature, its key or its counter is not right", async ({ expect }) => {
    const { account, authenticator } = await holder();
    const { body } = await challenge();
    const right = await authenticator.get(body.publicKey);
    const { signature } = await authenticator
      .get({ challenge: "another" })
      .then((it) => it.response);
    const forged = { ...right, response: { ...right.response, signature } };
    expect((await finish(body.challengeToken, forged)).status).toBe(401);
    // It is the same challenge, but a key that nobody registered.
    expect((await signIn(await impostor(authenticator, account))).status).toBe(401);

    expect((await signIn(authenticator, { counter: 7 })).status).toBe(200);
    for (const counter of [7, 6, 0]) {
      expect([counter, (await signIn(authenticator, { counter })).status]).toEqual([counter, 401]);
    }
    expect((await signIn(authenticator, { counter: 8 })).status).toBe(200);
  });

  it("when another account has it already", async ({ expect }) => {
    const { authenticator } = await holder();
    const other = (await logIn(await newAccount())).body;
    const answer = await register(other, authenticator);
    expect([answer.status, answer.body.reason]).toEqual([409, "known"]);
  });

  it("but not for an attestation that nobody asked for: it is dropped unread", async ({
    expect,
  }) => {
    const tokens = (await logIn(await newAccount())).body;
    const attStmt = new Map<string, Uint8Array | number>([
      ["alg", -7],
      ["sig", new Uint8Array(70)],
      ["x5c", new Uint8Array(300)],
    ]);
    const authenticator = device();
    expect((await register(tokens, authenticator, { fmt: "packed", attStmt })).status).toBe(201);
    expect((await signIn(authenticator)).status).toBe(200);
  });
});

/** The same credential of the same user, with another key. */
async function impostor(known: SoftAuthenticator, { id }: Account): Promise<SoftAuthenticator> {
  const copy = device();
  Object.defineProperty(copy, "id", { value: known.id });
  const user = { id: base64url.encode(id) };
  await copy.create({ rp: { id: rpId }, user, challenge: "any", pubKeyCredParams: [] });
  return copy;
}
