import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Gateway } from "../../../local/gateways/gateway.ts";
import { ID_TOKEN_FAULTS } from "../../../local/issuer/id-tokens.ts";
import { startIssuer } from "../../../local/issuer/issuer.ts";
import { authorizationUrl } from "../../../src/identity/oidc/authorization-url.ts";
import { exchangeCode } from "../../../src/identity/oidc/exchange-code.ts";
import { issuerMetadata } from "../../../src/identity/oidc/issuer-client.ts";
import type { Config, OidcProvider } from "../../../src/platform/config/config.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";

const REDIRECT = "https://shop.example/sign-in/local";
const NONCE = "a-nonce-of-this-sign-in";
const VERIFIER = "v".repeat(43);
const MINUTE_MS = 60_000;

let issuer: Gateway;
let provider: OidcProvider;
let aheadMs = 0;
const io = () => ({
  meter: new Meter(),
  clock: { nowMs: () => Date.now() + aheadMs },
  config: { DEPENDENCY_TIMEOUT_MS: 5_000 } as Config,
});

beforeAll(async () => {
  issuer = await startIssuer({ port: 0, clientId: "shop", clientSecret: "se:cret%" });
  provider = {
    id: "local",
    name: "Local",
    issuer: issuer.url,
    clientId: "shop",
    clientSecret: "se:cret%",
    redirectUris: [REDIRECT],
    algorithms: ["RS256"],
    vouchesForEmail: true,
  };
});
afterAll(() => issuer.close());

const put = (path: string, body: object) =>
  fetch(`${issuer.url}${path}`, { method: "PUT", body: JSON.stringify(body) });

/** What the browser brings back from the issuer. */
async function consent(person = "ada@example.com") {
  const { authorization_endpoint } = await issuerMetadata(io(), issuer.url);
  const asked = { clientId: "shop", redirectUri: REDIRECT, state: "s", nonce: NONCE };
  const url = await authorizationUrl(authorization_endpoint, { ...asked, codeVerifier: VERIFIER });
  const answer = await fetch(`${url}&login_hint=${person}`, { redirect: "manual" });
  const back = new URL(answer.headers.get("Location") ?? "");
  expect([back.searchParams.get("state"), back.searchParams.get("iss")]).toEqual(["s", issuer.url]);
  return back.searchParams.get("code") ?? "";
}

const exchange = (code: string, changes: object = {}, by = provider) =>
  exchangeCode(io(), by, {
    code,
    redirectUri: REDIRECT,
    codeVerifier: VERIFIER,
    nonce: NONCE,
    ...changes,
  });

describe("exchangeCode", () => {
  it("answers whom the issuer vouches for", async () => {
    expect(await exchange(await consent())).toEqual({
      ok: true,
      value: { subject: "1001", verifiedEmail: "ada@example.com", name: "Ada Lovelace" },
    });
  });

  it("does not pass on an address that the issuer has not verified", async () => {
    const person = await exchange(await consent("mallory@example.com"));
    expect(person).toMatchObject({
      ok: true,
      value: { subject: "1003", verifiedEmail: undefined },
    });
  });

  it.for(ID_TOKEN_FAULTS)("refuses an ID token with the fault %s", async (fault) => {
    await put("/fault", { fault });
    const person = await exchange(await consent());
    await put("/fault", { fault: null });
    expect(person).toMatchObject({ ok: false, error: { code: "oidc_refused" } });
    expect((await exchange(await consent())).ok).toBe(true);
  });

  it("refuses a code that was used, or that another browser began", async () => {
    const code = await consent();
    expect((await exchange(code)).ok).toBe(true);
    const refused = { ok: false, error: { code: "oidc_refused", reason: "invalid_grant" } };
    expect(await exchange(code)).toEqual(refused);
    expect(await exchange(await consent(), { codeVerifier: "w".repeat(43) })).toEqual(refused);
    expect(await exchange(await consent(), { redirectUri: `${REDIRECT}/` })).toEqual(refused);
    const nonce = { ok: false, error: { code: "oidc_refused", reason: "nonce" } };
    expect(await exchange(await consent(), { nonce: "of another sign-in" })).toEqual(nonce);
  });

  it("follows a rotation of the issuer's keys, and asks no more often than twice a minute", async () => {
    expect((await exchange(await consent())).ok).toBe(true);
    await fetch(`${issuer.url}/keys/rotate`, { method: "POST" });
    // The keys were read a moment ago: who sends tokens of unknown keys cannot make us ask on and on.
    const unknown = { ok: false, error: { reason: "signed by an unknown key" } };
    expect(await exchange(await consent())).toMatchObject(unknown);
    aheadMs += 31_000;
    expect((await exchange(await consent())).ok).toBe(true);
  });
});

describe("an issuer that is away or not itself", () => {
  const away = { name: "DependencyDown", dependency: "issuer" };

  it.for([{ down: true }, { errorRate: 1 }])("is weather: %j", async (weather) => {
    aheadMs += 11 * MINUTE_MS;
    await put("/weather", weather);
    await expect(exchange("any")).rejects.toMatchObject(away);
    await put("/weather", {});
    expect(await exchange("any")).toMatchObject({ ok: false });
  });

  it("is not believed when it describes another", async () => {
    const by = { ...provider, issuer: `${issuer.url}/` };
    await expect(exchange("any", {}, by)).rejects.toMatchObject(away);
  });

  it("is weather when it does not know us: no shopper could mend that", async () => {
    await expect(exchange("any", {}, { ...provider, clientSecret: "x" })).rejects.toMatchObject(
      away,
    );
  });
});
