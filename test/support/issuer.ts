import { env } from "cloudflare:workers";
import type { IdTokenFault } from "../../local/issuer/id-tokens.ts";
import type { TestPerson } from "../../local/issuer/people.ts";
import { configOf } from "../../src/platform/config/config.ts";
import { as, type Tokens } from "./account.ts";
import { type Answered, call } from "./worker-shop.ts";

const [provider] = configOf(env).OIDC_PROVIDERS;
if (!provider) throw new Error("no provider is configured for tests");
export const { id: PROVIDER, issuer: ISSUER, redirectUris } = provider;

export const OIDC = `/api/v2/auth/oidc/${PROVIDER}`;

const put = (path: string, body: object) =>
  fetch(`${ISSUER}${path}`, { method: "PUT", body: JSON.stringify(body) });

/** Somebody with an account at the local issuer, for this test alone. */
export async function newPerson(changes: Partial<TestPerson> = {}): Promise<TestPerson> {
  const sub = crypto.randomUUID();
  const email = `person-${sub}@example.com`;
  const person = { sub, email, email_verified: true, name: "Somebody", ...changes };
  await put("/people", person);
  return person;
}

/** How the issuer's next ID tokens are wrong; undefined for rightly. */
export const setFault = (fault: IdTokenFault | undefined) =>
  put("/fault", { fault: fault ?? null });
export const setWeather = (weather: object) => put("/weather", weather);

export type Started = { authorizationUrl: string; flowToken: string; expiresIn: number };
export type Back = { code: string; state: string; iss: string };

/** What the issuer's redirect brings back once the person has agreed. */
export async function agree({ authorizationUrl }: Started, { sub }: TestPerson): Promise<Back> {
  const url = `${authorizationUrl}&login_hint=${sub}`;
  const answer = await fetch(url, { redirect: "manual" });
  const back = new URL(answer.headers.get("Location") ?? "").searchParams;
  const read = (name: string) => back.get(name) ?? "";
  return { code: read("code"), state: read("state"), iss: read("iss") };
}

export const start = async (): Promise<Started> =>
  (await call<Started>("POST", `${OIDC}/start`, { body: {} })).body;

/** Signs a person in by the issuer, up to what the shop answers. */
export async function signInElsewhere<T = Tokens>(person: TestPerson): Promise<Answered<T>> {
  const started = await start();
  const { flowToken } = started;
  const body = { ...(await agree(started, person)), flowToken };
  return call<T>("POST", `${OIDC}/callback`, { body });
}

/** Links a person's account elsewhere with that of who is signed in. */
export async function link<T = Tokens>(tokens: Tokens, person: TestPerson): Promise<Answered<T>> {
  const started = (await as<Started>(tokens, "POST", `${OIDC}/link`, {})).body;
  const { flowToken } = started;
  const body = { ...(await agree(started, person)), flowToken };
  return as<T>(tokens, "POST", `${OIDC}/link/callback`, body);
}
