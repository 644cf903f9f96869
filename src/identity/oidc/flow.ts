import { z } from "zod";
import type { Config, OidcProvider } from "../../platform/config/config.ts";
import type { Io } from "../../platform/io/io.ts";
import { sameText } from "../../shared/digest.ts";
import { randomSuffix, type UserId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Step, tokenDesk } from "../tokens/token-desk.ts";
import { useOnce } from "../tokens/use-once.ts";
import { authorizationUrl } from "./authorization-url.ts";
import { exchangeCode } from "./exchange-code.ts";
import { issuerMetadata } from "./issuer-client.ts";
import type { OidcPerson } from "./verify-id-token.ts";

const TTL_SECONDS = 10 * 60;
/** A flow that signs in cannot link, and the reverse. */
const STEPS = {
  sign_in: { name: "oidc-sign-in", ttlSeconds: TTL_SECONDS },
  link: { name: "oidc-link", ttlSeconds: TTL_SECONDS },
} as const satisfies Record<string, Step>;

/** Whose flow it is: a shopper's who links, or anybody's who signs in. */
export type FlowFor = { use: "sign_in" } | { use: "link"; userId: UserId };

const ANYBODY = "anybody";
const subjectOf = (flow: FlowFor) => (flow.use === "link" ? flow.userId : ANYBODY);

const Kept = z.object({
  provider: z.string(),
  redirectUri: z.string(),
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
});

export type Started = { authorizationUrl: string; flowToken: string; expiresIn: number };

export const findProvider = (
  { OIDC_PROVIDERS }: Pick<Config, "OIDC_PROVIDERS">,
  id: string,
): OidcProvider | undefined => OIDC_PROVIDERS.find((provider) => provider.id === id);

/**
 * Begins a sign-in elsewhere. What has to be remembered of it is in `flowToken`, which stays in the browser
 * that began: an answer that was begun in another one fits nothing there (RFC 9700, section 4.7).
 */
export async function startFlow(
  io: Io,
  provider: OidcProvider,
  { redirectUri, ...flow }: FlowFor & { redirectUri: string },
): Promise<Started> {
  const { authorization_endpoint } = await issuerMetadata(io, provider.issuer);
  const kept = {
    provider: provider.id,
    redirectUri,
    state: randomSuffix(),
    nonce: randomSuffix(),
    // RFC 7636 wants 43 characters or more.
    codeVerifier: randomSuffix() + randomSuffix(),
  };
  const claims = { sub: subjectOf(flow), jti: randomSuffix(), data: kept };
  const desk = tokenDesk(io.config);
  const [url, signed] = await Promise.all([
    authorizationUrl(authorization_endpoint, { ...kept, clientId: provider.clientId }),
    desk.signStep(STEPS[flow.use], claims, io.clock.nowMs()),
  ]);
  const { token: flowToken, expiresInSeconds: expiresIn } = signed;
  return { authorizationUrl: url, flowToken, expiresIn };
}

/** What the issuer's redirect brought back, and what the browser kept. */
export type Returned = { flowToken: string; code: string; state: string; iss?: string | undefined };
export type FlowRefusal = { code: "oidc_refused"; reason: string };

/** Ends a flow, once: whom the issuer vouches for. */
export async function finishFlow(
  io: Io,
  provider: OidcProvider,
  { flowToken, code, state, iss, ...flow }: FlowFor & Returned,
): Promise<Result<OidcPerson, FlowRefusal>> {
  const refuse = (reason: string) => err({ code: "oidc_refused", reason });
  const desk = tokenDesk(io.config);
  const step = await desk.readStep(STEPS[flow.use], flowToken, io.clock.nowMs());
  const kept = Kept.safeParse(step?.data).data;
  if (!step || !kept || step.sub !== subjectOf(flow)) return refuse("flow token");
  if (kept.provider !== provider.id) return refuse("another provider's flow");
  if (!sameText(kept.state, state)) return refuse("state");
  // Two issuers' answers must not be mixed up (RFC 9207).
  const metadata = await issuerMetadata(io, provider.issuer);
  const isNamed = iss !== undefined || metadata.authorization_response_iss_parameter_supported;
  if (isNamed && iss !== provider.issuer) return refuse("issuer");
  if (!(await useOnce(io, step))) return refuse("flow used before");
  const { redirectUri, codeVerifier, nonce } = kept;
  const person = await exchangeCode(io, provider, { code, redirectUri, codeVerifier, nonce });
  return person.ok ? ok(person.value) : person;
}
