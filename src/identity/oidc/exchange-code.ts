import { z } from "zod";
import type { OidcProvider } from "../../platform/config/config.ts";
import { DependencyDown } from "../../platform/dependency.ts";
import type { Io } from "../../platform/io/io.ts";
import { err, type Result } from "../../shared/result.ts";
import { askIssuer, issuerKeys, issuerMetadata } from "./issuer-client.ts";
import { type OidcPerson, verifyIdToken } from "./verify-id-token.ts";

const Tokens = z.object({ id_token: z.string().max(32_768), access_token: z.string().optional() });
const Refusal = z.object({ error: z.string().max(200) });

export type Exchange = {
  code: string;
  redirectUri: string;
  codeVerifier: string;
  nonce: string;
};

/** `reason` is for logs: it says more than a client may know. */
export type ExchangeError = { code: "oidc_refused"; reason: string };

/**
 * Changes an authorization code for the person it stands for. Not repeatable: an issuer takes a code
 * once. Throws `DependencyDown` when the issuer cannot answer.
 */
export async function exchangeCode(
  io: Pick<Io, "meter" | "clock" | "config">,
  provider: OidcProvider,
  { code, redirectUri, codeVerifier, nonce }: Exchange,
): Promise<Result<OidcPerson, ExchangeError>> {
  const { issuer, clientId, clientSecret, algorithms } = provider;
  const metadata = await issuerMetadata(io, issuer);
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: codeVerifier,
  });
  const headers = new Headers({ Accept: "application/json" });
  if (metadata.token_endpoint_auth_methods_supported.includes("client_secret_basic")) {
    headers.set("Authorization", basic(clientId, clientSecret));
  } else {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  }
  const answer = await askIssuer(io, metadata.token_endpoint, {
    method: "POST",
    headers,
    body: form,
  });
  if (answer.status !== 200) {
    const reason = Refusal.safeParse(answer.body).data?.error ?? `HTTP ${answer.status}`;
    // Our own credentials are wrong: nothing that the shopper could mend.
    if (reason === "invalid_client") throw new DependencyDown("issuer", new Error(reason));
    return err({ code: "oidc_refused", reason });
  }
  const tokens = Tokens.safeParse(answer.body);
  if (!tokens.success) return err({ code: "oidc_refused", reason: "no id_token" });

  const { id_token: idToken, access_token: accessToken } = tokens.data;
  const nowMs = io.clock.nowMs();
  const expected = { issuer, clientId, algorithms, nonce, accessToken, nowMs };
  for (const renew of [false, true]) {
    const keys = await issuerKeys(io, metadata, { renew });
    const person = await verifyIdToken(idToken, keys, expected);
    if (person.ok) return person;
    if (person.error.code === "token_invalid") {
      return err({ code: "oidc_refused", reason: person.error.reason });
    }
  }
  return err({ code: "oidc_refused", reason: "signed by an unknown key" });
}

/** RFC 6749, section 2.3.1: both parts are form-encoded before they are joined. */
function basic(clientId: string, clientSecret: string): string {
  const encoded = (text: string) => new URLSearchParams({ x: text }).toString().slice(2);
  return `Basic ${btoa(`${encoded(clientId)}:${encoded(clientSecret)}`)}`;
}
