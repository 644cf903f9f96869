import { base64url } from "jose";

const SCOPES = "openid email profile";

export type Authorization = {
  clientId: string;
  redirectUri: string;
  state: string;
  nonce: string;
  codeVerifier: string;
};

/** Where the shopper's browser goes: the code flow with PKCE (RFC 7636), state and nonce. */
export async function authorizationUrl(
  endpoint: string,
  { clientId, redirectUri, state, nonce, codeVerifier }: Authorization,
): Promise<string> {
  const url = new URL(endpoint);
  const verifier = new TextEncoder().encode(codeVerifier);
  const challenge = new Uint8Array(await crypto.subtle.digest("SHA-256", verifier));
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: SCOPES,
    state,
    nonce,
    code_challenge: base64url.encode(challenge),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
