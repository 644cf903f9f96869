import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import { boundedText } from "../../platform/bounded-text.ts";
import { DependencyDown } from "../../platform/dependency.ts";
import type { Io } from "../../platform/io/io.ts";
import { targetFault } from "../../platform/webhooks/target.ts";

type Asking = Pick<Io, "meter" | "clock" | "config">;

/** As much as this client uses of OpenID Connect Discovery 1.0, section 3. */
const Metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(["client_secret_basic"]),
  authorization_response_iss_parameter_supported: z.boolean().default(false),
});
export type Metadata = z.output<typeof Metadata>;

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

type Known<T> = { value: T; readAtMs: number };
const metadataOf = new Map<string, Known<Metadata>>();
const keysOf = new Map<string, Known<JSONWebKeySet>>();

/** An issuer's keys and addresses are read again after this long, so a key that it withdrew soon opens nothing. */
const FRESH_MS = 600_000;
/** Who sends tokens of unknown keys makes us ask the issuer no more often than this. */
const ASK_AGAIN_MS = 30_000;

/** An issuer's own description. Throws `DependencyDown` when it cannot be had, or is not the issuer's. */
export async function issuerMetadata(io: Asking, issuer: string): Promise<Metadata> {
  const known = metadataOf.get(issuer);
  const nowMs = io.clock.nowMs();
  if (known && nowMs - known.readAtMs < FRESH_MS) return known.value;
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { status, body } = await askIssuer(io, address);
  const read = Metadata.safeParse(status === 200 ? body : undefined);
  // What another issuer says about itself must not be believed of this one.
  if (!read.success || read.data.issuer !== issuer) throw fault("discovery");
  const { authorization_endpoint, token_endpoint, jwks_uri } = read.data;
  for (const endpoint of [authorization_endpoint, token_endpoint, jwks_uri]) {
    // The issuer's own origin is configured; what else it names must be public and https. Google's stand on other hosts.
    if (targetFault(endpoint, [new URL(issuer).origin])) throw fault("endpoint");
  }
  metadataOf.set(issuer, { value: read.data, readAtMs: nowMs });
  return read.data;
}

/** An issuer's keys. `renew` asks again, where a token names one that is not known, but not too often. */
export async function issuerKeys(
  io: Asking,
  metadata: Metadata,
  { renew }: { renew: boolean },
): Promise<JSONWebKeySet> {
  const known = keysOf.get(metadata.jwks_uri);
  const nowMs = io.clock.nowMs();
  if (known && nowMs - known.readAtMs < (renew ? ASK_AGAIN_MS : FRESH_MS)) return known.value;
  const { status, body } = await askIssuer(io, metadata.jwks_uri);
  const read = KeySet.safeParse(status === 200 ? body : undefined);
  if (!read.success) throw fault("keys");
  const value = read.data as JSONWebKeySet;
  keysOf.set(metadata.jwks_uri, { value, readAtMs: nowMs });
  return value;
}

const ANSWER_BYTES_MAX = 256 * 1024;

/** One request to an issuer. Server errors, redirects and silence are weather; other answers are the caller's. */
export async function askIssuer(
  { meter, config }: Pick<Io, "meter" | "config">,
  address: string,
  init: RequestInit = {},
): Promise<{ status: number; body: unknown }> {
  return meter.step("issuer", async () => {
    let response: Response;
    let text: string;
    try {
      const signal = AbortSignal.timeout(config.DEPENDENCY_TIMEOUT_MS);
      response = await fetch(address, { ...init, redirect: "manual", signal });
      text = await boundedText(response, ANSWER_BYTES_MAX);
    } catch (error) {
      throw new DependencyDown("issuer", error);
    }
    const { status } = response;
    if (status >= 500 || status === 429 || (status >= 300 && status < 400)) {
      throw fault(`HTTP ${status}`);
    }
    return { status, body: parseJson(text) };
  });
}

const fault = (reason: string) => new DependencyDown("issuer", new Error(reason));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
