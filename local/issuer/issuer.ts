import { randomBytes } from "node:crypto";
import {
  type Gateway,
  type GatewayReply,
  type GatewayRequest,
  parseJson,
  sameSecret,
  serveGateway,
} from "../gateways/gateway.ts";
import { WeatherDial } from "../weather.ts";
import { accountPage } from "./account-page.ts";
import { type Grant, Grants } from "./grants.ts";
import { type IdTokenFault, IdTokens, isIdTokenFault } from "./id-tokens.ts";
import { TEST_PEOPLE, TestPerson } from "./people.ts";

export type IssuerOptions = {
  /** 0 picks a free port. */
  port: number;
  clientId: string;
  clientSecret: string;
  nowMs?: () => number;
  random?: () => number;
};

const BODY_BYTES_MAX = 64 * 1024;

/**
 * An OpenID provider on loopback, shaped like Google's: discovery, code flow with PKCE, keys. Its people
 * sign in by a click. Nothing is kept: a new start has new keys, as a rotation would bring.
 */
export async function startIssuer(options: IssuerOptions): Promise<Gateway> {
  const issuer = new Issuer(options);
  const gateway = await serveGateway({
    port: options.port,
    maxBodyBytes: BODY_BYTES_MAX,
    answer: (request) => issuer.answer(request),
    refuse: (status, message) => failure(status, "server_error", message),
    closeEngine: async () => issuer.close(),
  });
  issuer.url = gateway.url;
  return gateway;
}

class Issuer {
  /** Known once it listens. */
  url = "";
  readonly #people = new Map<string, TestPerson>(TEST_PEOPLE.map((each) => [each.sub, each]));
  readonly #grants: Grants;
  readonly #tokens: IdTokens;
  readonly #weather: WeatherDial;
  readonly #clientId: string;
  readonly #clientSecret: string;
  #fault: IdTokenFault | undefined;

  constructor({ clientId, clientSecret, nowMs = Date.now, random }: IssuerOptions) {
    this.#clientId = clientId;
    this.#clientSecret = clientSecret;
    this.#grants = new Grants(nowMs);
    this.#tokens = new IdTokens(nowMs);
    this.#weather = new WeatherDial(random);
  }

  close(): void {
    this.#weather.close();
  }

  async answer(request: GatewayRequest): Promise<GatewayReply> {
    const control = this.#weather.answer(request) ?? (await this.#control(request));
    if (control) return control;
    const reply = await this.#protocol(request);
    return this.#weather.through(() => reply, failure(500, "server_error", "nothing was done"));
  }

  /** What a test turns: who is known, how ID tokens are wrong, which key signs. */
  async #control({ method, path, body }: GatewayRequest): Promise<GatewayReply | undefined> {
    if (path === "/people" && method === "GET") return ok({ people: [...this.#people.values()] });
    if (path === "/people" && method === "PUT") {
      const person = TestPerson.safeParse(parseJson(body));
      if (!person.success) return failure(422, "invalid_request", "not a person");
      this.#people.set(person.data.sub, person.data);
      return ok(person.data);
    }
    if (path === "/fault" && method === "PUT") {
      const { fault } = (parseJson(body) ?? {}) as { fault?: unknown };
      if (fault !== null && !isIdTokenFault(fault)) {
        return failure(422, "invalid_request", "no such fault");
      }
      this.#fault = fault ?? undefined;
      return ok({ fault });
    }
    if (path === "/keys/rotate" && method === "POST") {
      await this.#tokens.rotate();
      return ok({});
    }
    return undefined;
  }

  async #protocol(request: GatewayRequest): Promise<GatewayReply> {
    switch (`${request.method} ${request.path}`) {
      case "GET /.well-known/openid-configuration":
        return ok(this.#metadata());
      case "GET /authorize":
        return this.#authorize(request.query);
      case "POST /token":
        return this.#exchange(request);
      case "GET /jwks":
        return ok(await this.#tokens.publicKeys());
      default:
        return failure(404, "not_found", "no such endpoint");
    }
  }

  #metadata() {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid", "email", "profile"],
      token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
    };
  }

  /** With `login_hint`, a person's `sub` or address, they agree at once; without, a page asks who it is. */
  #authorize(query: URLSearchParams): GatewayReply {
    const asked = Object.fromEntries(query);
    const { client_id, redirect_uri, state, nonce, code_challenge, login_hint: hint } = asked;
    if (client_id !== this.#clientId || !redirect_uri || !URL.canParse(redirect_uri)) {
      return failure(400, "invalid_client", "unknown client or no redirect_uri");
    }
    const isOpenId = asked.scope?.split(" ").includes("openid");
    const isCode = asked.response_type === "code" && asked.code_challenge_method === "S256";
    if (!isOpenId || !isCode || !code_challenge) {
      return failure(400, "invalid_request", "code flow with openid and S256 only");
    }
    const people = [...this.#people.values()];
    const person = people.find(
      ({ sub, email }) => hint !== undefined && [sub, email].includes(hint),
    );
    if (!person) return html(accountPage(people, query));
    const code = this.#grants.issue({
      redirectUri: redirect_uri,
      codeChallenge: code_challenge,
      nonce,
      person,
    });
    const back = new URL(redirect_uri);
    back.searchParams.set("code", code);
    back.searchParams.set("iss", this.url);
    if (state) back.searchParams.set("state", state);
    return { status: 302, json: {}, headers: { Location: back.href } };
  }

  async #exchange({ headers, body }: GatewayRequest): Promise<GatewayReply> {
    const form = new URLSearchParams(body);
    const [id, secret] = clientOf(headers.authorization, form);
    if (id !== this.#clientId || !sameSecret(secret, this.#clientSecret)) {
      return failure(401, "invalid_client", "unknown client");
    }
    if (form.get("grant_type") !== "authorization_code") {
      return failure(400, "unsupported_grant_type", "authorization_code only");
    }
    const grant: Grant | undefined = this.#grants.redeem({
      code: form.get("code") ?? "",
      redirectUri: form.get("redirect_uri") ?? "",
      codeVerifier: form.get("code_verifier") ?? "",
    });
    if (!grant) return failure(400, "invalid_grant", "the code is not good (any more)");
    const accessToken = randomBytes(24).toString("base64url");
    const about = { issuer: this.url, clientId: this.#clientId, grant, accessToken };
    const idToken = await this.#tokens.sign(about, this.#fault);
    return ok({
      access_token: accessToken,
      token_type: "Bearer",
      expires_in: 3600,
      scope: "openid email profile",
      id_token: idToken,
    });
  }
}

/** `client_secret_basic` or `client_secret_post`. */
function clientOf(
  authorization: string | undefined,
  form: URLSearchParams,
): (string | undefined)[] {
  const basic = /^Basic (.+)$/i.exec(authorization ?? "")?.[1];
  if (basic === undefined) {
    return [form.get("client_id") ?? undefined, form.get("client_secret") ?? undefined];
  }
  return atob(basic).split(":").map(decodeURIComponent);
}

const ok = (json: unknown): GatewayReply => ({ status: 200, json });

const html = (text: string): GatewayReply => ({
  status: 200,
  text,
  headers: { "Content-Type": "text/html; charset=utf-8" },
});

const failure = (status: number, error: string, description: string): GatewayReply => ({
  status,
  json: { error, error_description: description },
});
