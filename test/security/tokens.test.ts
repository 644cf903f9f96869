import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { api } from "../../src/api.ts";
import { TWO_FACTOR_STEP } from "../../src/identity/continue-sign-in.ts";
import { type AccessClaims, LEEWAY_SECONDS } from "../../src/identity/tokens/token-claims.ts";
import { TokenDesk } from "../../src/identity/tokens/token-desk.ts";
import { configOf } from "../../src/platform/config/config.ts";
import { newId, SessionId, UserId } from "../../src/shared/ids.ts";
import { newAccount, signedIn } from "../support/account.ts";
import { call } from "../support/worker-shop.ts";
import { bytesOf, ed25519, forge, forgeText, type Header, hmac, unsigned } from "./forge-token.ts";

const SECRET_512 = "A".repeat(86);
const SECRET_256 = "B".repeat(43);
const [local] = JSON.parse(env.AUTH_KEYS).access as { kid: string; jwk: JsonWebKey }[];
if (!local) throw new Error("AUTH_KEYS has no access key");
const { kid, jwk } = local;

/** The shop's own key, and two that a sibling system shares. */
const KEYS = {
  ...JSON.parse(env.AUTH_KEYS),
  access: [
    { kid, alg: "EdDSA", jwk },
    { kid: "sibling", alg: "HS512", secret: SECRET_512 },
    { kid: "cousin", alg: "HS256", secret: SECRET_256 },
  ],
};
const settings: Env = { ...env, AUTH_KEYS: JSON.stringify(KEYS) };
const desk = new TokenDesk(configOf(settings));
const issuer = configOf(settings).PUBLIC_URL;

const seconds = () => Math.floor(Date.now() / 1_000);
const claims = (changes: Record<string, unknown> = {}): AccessClaims =>
  ({
    iss: issuer,
    aud: `${issuer}/api`,
    sub: newId(UserId, "usr"),
    sid: newId(SessionId, "ses"),
    epoch: 1,
    auth_time: seconds(),
    amr: ["password"],
    iat: seconds(),
    nbf: seconds(),
    exp: seconds() + 600,
    ...changes,
  }) as AccessClaims;
const header = (changes: Record<string, unknown> = {}): Header =>
  ({ alg: "EdDSA", kid, typ: "at+jwt", ...changes }) as Header;
const own = ed25519(jwk);

/** What a route that a shopper's token opens says to it, and how many steps that took. */
async function tried(token: string, scheme = "Bearer") {
  const request = new Request("http://shop.test/api/v2/cart", {
    headers: { Authorization: `${scheme} ${token}` },
  });
  const response = await api.fetch(request, settings, createExecutionContext());
  const body = await response.json<{ type?: string }>();
  return { status: response.status, type: body.type, trips: response.headers.get("X-Round-Trips") };
}

const REFUSED = { status: 401, type: "/problems/unauthorized", trips: "0" };

async function expectRefused(tokens: readonly string[]) {
  const fetched = vi.spyOn(globalThis, "fetch");
  for (const token of tokens) expect(await tried(token), token.slice(0, 300)).toEqual(REFUSED);
  // Whatever a token names, nobody is asked for it.
  expect(fetched).not.toHaveBeenCalled();
  fetched.mockRestore();
}

describe("an access token", () => {
  it("that is right opens, by each key that the shop has", async () => {
    const tokens = [
      await forge(header(), claims(), own),
      await forge(
        header({ alg: "HS512", kid: "sibling" }),
        claims(),
        hmac(bytesOf(SECRET_512), "SHA-512"),
      ),
      await forge(
        header({ alg: "HS256", kid: "cousin" }),
        claims(),
        hmac(bytesOf(SECRET_256), "SHA-256"),
      ),
    ];
    for (const token of tokens) expect((await tried(token)).status).toBe(200);
    expect((await tried(tokens[0]!, "bearer")).status).toBe(200);
    for (const scheme of ["Basic", "Bearer Bearer", "Token"]) {
      expect(await tried(tokens[0]!, scheme)).toEqual(REFUSED);
    }
  });

  it("1 · that is signed by nobody is refused, however it spells it", async () => {
    const spellings = ["none", "None", "NONE", "nOnE", "", "null"];
    const tokens = await Promise.all(
      spellings.flatMap((alg) => [
        forge(header({ alg }), claims(), unsigned),
        forge(header({ alg }), claims(), own),
        forge(header({ alg, kid: "sibling" }), claims(), unsigned),
      ]),
    );
    await expectRefused([...tokens, ...tokens.map((token) => token.replace(/\.[^.]*$/, "."))]);
  });

  it("2 · that is signed with a public key as if it were a secret is refused", async () => {
    const publicParts = [
      bytesOf(String(jwk.x)),
      String(jwk.x),
      JSON.stringify({ kty: jwk.kty, crv: jwk.crv, x: jwk.x }),
    ];
    const tokens = await Promise.all(
      publicParts.flatMap((secret) =>
        (["SHA-256", "SHA-512"] as const).map((hash) =>
          forge(header({ alg: hash.replace("SHA-", "HS") }), claims(), hmac(secret, hash)),
        ),
      ),
    );
    await expectRefused(tokens);
  });

  it("3 · of another algorithm than its key's is refused, though the secret is right", async () => {
    const sibling = bytesOf(SECRET_512);
    await expectRefused([
      await forge(header({ alg: "HS256", kid: "sibling" }), claims(), hmac(sibling, "SHA-256")),
      await forge(header({ alg: "HS384", kid: "sibling" }), claims(), hmac(sibling, "SHA-384")),
      await forge(header({ alg: "HS512", kid: "cousin" }), claims(), hmac(sibling, "SHA-512")),
      await forge(header({ alg: "Ed25519" }), claims(), own),
    ]);
  });

  it("4 · is made and checked by no secret that is too short: the shop does not start", () => {
    const withSecret = (alg: string, secret: string) => () =>
      configOf({
        ...env,
        AUTH_KEYS: JSON.stringify({ ...KEYS, access: [...KEYS.access, { kid: "x", alg, secret }] }),
      });
    expect(withSecret("HS512", "A".repeat(84))).toThrow(/AUTH_KEYS/);
    expect(withSecret("HS512", "A".repeat(84))).not.toThrow(/AAAA/);
    expect(withSecret("HS256", "B".repeat(42))).toThrow(/AUTH_KEYS/);
    expect(withSecret("HS384", "A".repeat(86))).toThrow(/AUTH_KEYS/);
    expect(withSecret("HS512", "A".repeat(86))).not.toThrow();
    expect(withSecret("HS256", "B".repeat(43))).not.toThrow();
  });

  it("5 · of a key that the shop does not have is refused, whatever its name", async () => {
    const names = [
      "../../../../dev/null",
      "x' UNION SELECT 'AAAA",
      "https://keys.example/jwks.json",
      "k".repeat(10_000),
      "unknown",
      "",
      "__proto__",
      "constructor",
      `${kid}\u0000`,
      ` ${kid}`,
    ];
    const tokens = await Promise.all(
      names.map((name) => forge(header({ kid: name }), claims(), own)),
    );
    const { kid: _, ...nameless } = header();
    await expectRefused([...tokens, await forge(nameless as Header, claims(), own)]);
  });

  it("6 · that brings its own key, or asks for an extension, is refused", async () => {
    const url = "https://keys.example/jwks.json";
    const extras = [
      { jku: url },
      { x5u: url },
      { jwk: { kty: "OKP", crv: "Ed25519", x: jwk.x } },
      { x5c: ["AAAA"] },
      { crit: ["b64"], b64: false },
      { crit: ["exp"], exp: 1 },
      { crit: [] },
      { zip: "DEF" },
    ];
    await expectRefused(
      await Promise.all(extras.map((extra) => forge(header(extra), claims(), own))),
    );
  });

  it("7 · of another time is refused, with both edges of the leeway exact", async () => {
    const { exp: _, ...endless } = claims();
    await expectRefused([
      await forge(header(), claims({ exp: seconds() - 60 }), own),
      await forge(header(), endless, own),
      await forge(header(), claims({ nbf: seconds() + 60 }), own),
      await forge(header(), claims({ iat: seconds() + 60 }), own),
      await forge(header(), claims({ exp: String(seconds() + 600) }), own),
      await forge(header(), claims({ exp: null }), own),
      await forge(header(), claims({ exp: 1e300 }), own),
    ]);
    const [iat, exp] = [1_000_000, 1_000_900];
    const token = await forge(header(), claims({ iat, nbf: iat, exp }), own);
    const at = async (atMs: number) => (await desk.readAccess(token, atMs)) !== undefined;
    expect(LEEWAY_SECONDS).toBeLessThanOrEqual(30);
    const [from, to] = [(iat - LEEWAY_SECONDS) * 1_000, (exp + LEEWAY_SECONDS) * 1_000];
    expect([await at(from - 1), await at(from), await at(to), await at(to + 1)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("8 · for somebody else, by somebody else or of another kind is refused", async () => {
    const wrong = [
      { aud: "https://other.example/api" },
      { aud: `${issuer}/two-factor` },
      { aud: issuer },
      { aud: [`${issuer}/api`] },
      { aud: undefined },
      { iss: "https://other.example" },
      { iss: `${issuer}/` },
      { iss: undefined },
      { sub: "ord_1" },
      { sub: undefined },
      { sid: undefined },
      { epoch: "1" },
      { amr: ["magic"] },
    ];
    const kinds = ["JWT", "jwt", "at+JWT", "application/at+jwt", "two-factor+jwt", ""];
    await expectRefused([
      ...(await Promise.all(wrong.map((change) => forge(header(), claims(change), own)))),
      ...(await Promise.all(kinds.map((typ) => forge(header({ typ }), claims(), own)))),
    ]);
  });

  it("9 · is nothing else, and nothing else is one", async () => {
    const { refreshToken, accessToken, id: userId } = await signedIn();
    const step = await desk.signStep(
      TWO_FACTOR_STEP,
      { sub: userId, jti: crypto.randomUUID(), data: { epoch: 1, methods: ["password"] } },
      Date.now(),
    );
    await expectRefused([refreshToken, step.token]);
    const refreshed = (token: string) =>
      call("POST", "/api/v2/auth/refresh", { body: { refreshToken: token } });
    expect((await refreshed(accessToken)).status).toBe(422);
    expect((await refreshed(step.token)).status).toBe(422);
    expect(await desk.readStep(TWO_FACTOR_STEP, accessToken, Date.now())).toBeUndefined();
    expect(await desk.readStep(TWO_FACTOR_STEP, step.token, Date.now())).toBeDefined();
    expect(await desk.readStep({ ...TWO_FACTOR_STEP, name: "other" }, step.token, Date.now())).toBe(
      undefined,
    );
  });

  it("10 · that was changed, cut, or can be read in two ways is refused", async () => {
    const token = await forge(header(), claims(), own);
    const [head = "", body = "", signature = ""] = token.split(".");
    const flipped = (part: string, at: number) =>
      part.slice(0, at) + (part[at] === "A" ? "B" : "A") + part.slice(at + 1);
    const text = JSON.stringify(claims());
    const twice = (member: string) => `{${member},${text.slice(1)}`;
    // The last sign of 64 bytes carries two bits: four spellings of it decode alike.
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(signature.at(-1) ?? "");
    const otherSpelling = `${signature.slice(0, -1)}${alphabet[last + 1]}`;
    expect(bytesOf(otherSpelling)).toEqual(bytesOf(signature));
    await expectRefused([
      ...[0, 20, 42, 84].map((at) => `${head}.${body}.${flipped(signature, at)}`),
      `${head}.${flipped(body, 10)}.${signature}`,
      `${head}.${body}.${otherSpelling}`,
      `${head}.${body}.${signature}==`,
      `${head}.${body}.${signature.slice(0, -2)}`,
      `${head}.${body}.`,
      `${head}.${body}`,
      `${token}.${signature}`,
      `${head}..${signature}`,
      `.${body}.${signature}`,
      token.slice(0, 40),
      await forgeText(JSON.stringify(header()), twice('"sub":"usr_other"'), own),
      await forgeText(JSON.stringify(header()), twice('"s\\u0075b":"usr_other"'), own),
      await forgeText(`{"alg":"none",${JSON.stringify(header()).slice(1)}`, text, own),
      await forgeText(JSON.stringify(header()), `[${text}]`, own),
      await forgeText(JSON.stringify(header()), `\ufeff${text}`, own),
      await forgeText(JSON.stringify(header()), "null", own),
    ]);
    expect((await tried(token)).status).toBe(200);
  });

  it("11 · of a key that was replaced holds until that key ends, and then no more", async () => {
    const untilMs = Date.parse("2030-01-01T00:00:00Z");
    const fresh = (await crypto.subtle.generateKey("Ed25519", true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    const next = await crypto.subtle.exportKey("jwk", fresh.privateKey);
    const { d, x } = next as { d: string; x: string };
    const newest = { kid: "next", alg: "EdDSA", jwk: { kty: "OKP", crv: "Ed25519", d, x } };
    const rotated = configOf({
      ...env,
      AUTH_KEYS: JSON.stringify({
        ...KEYS,
        access: [newest, { kid, alg: "EdDSA", jwk, until: new Date(untilMs).toISOString() }],
      }),
    });
    const after = new TokenDesk(rotated);
    const iat = untilMs / 1_000 - 60;
    const old = await forge(header(), claims({ iat, nbf: iat, exp: iat + 900 }), own);
    const isBelieved = async (atMs: number) => (await after.readAccess(old, atMs)) !== undefined;
    // Also once it is remembered.
    expect([await isBelieved(untilMs - 1), await isBelieved(untilMs)]).toEqual([true, false]);

    const made = await after.signAccess(claims(), untilMs - 1_000);
    expect(JSON.parse(atob(made.token.split(".")[0]!))).toMatchObject({ kid: "next" });
    expect(after.publicKeys(untilMs - 1).map((key) => key.kid)).toEqual(["next", kid]);
    expect(after.publicKeys(untilMs).map((key) => key.kid)).toEqual(["next"]);
  });

  it("11 · is checked by whoever reads the published keys, of which none is secret", async () => {
    const path = "/.well-known/jwks.json";
    const published = await call<{ keys: (JsonWebKey & { kid: string })[] }>("GET", path);
    expect(published.headers.get("Cache-Control")).toBe("public, max-age=300");
    const text = JSON.stringify(published.body);
    expect(text).not.toMatch(/"(?:d|k|secret)":/);
    expect(text).not.toContain(String(jwk.d));
    const shown = published.body.keys.find((key) => key.kid === kid);
    const { accessToken } = await signedIn();
    const [head, body, signature] = accessToken.split(".");
    const key = await crypto.subtle.importKey("jwk", shown!, "Ed25519", false, ["verify"]);
    const input = new TextEncoder().encode(`${head}.${body}`);
    expect(await crypto.subtle.verify("Ed25519", key, bytesOf(signature!), input)).toBe(true);
  });

  it("12 · that is too long is refused before anything of it is read", async () => {
    const padded = await forge(header(), claims({ padding: "x".repeat(64 * 1024) }), own);
    const decoded = vi.spyOn(globalThis, "atob");
    await expectRefused([
      padded,
      `${"A".repeat(32_000)}.${"A".repeat(32_000)}.AAAA`,
      ".".repeat(64_000),
    ]);
    expect(decoded).not.toHaveBeenCalled();
    decoded.mockRestore();
    // Much longer than ours are, and still a token.
    const long = await forge(header(), claims({ padding: "x".repeat(2_000) }), own);
    expect((await tried(long)).status).toBe(200);
  });
});

describe("what a token says", () => {
  it("18 · is of a session that began with this sign-in, whatever was sent along", async () => {
    const account = await newAccount();
    const sidOf = (token: string) =>
      (JSON.parse(new TextDecoder().decode(bytesOf(token.split(".")[1]!))) as { sid: string }).sid;
    const victims = await signedIn();
    const attack = await call<{ accessToken: string }>("POST", "/api/v2/auth/login", {
      body: { email: account.email, password: "correct horse battery" },
      headers: { Authorization: `Bearer ${victims.accessToken}` },
    });
    expect(attack.status).toBe(200);
    expect(sidOf(attack.body.accessToken)).not.toBe(sidOf(victims.accessToken));
  });
});
