import { createHash } from "node:crypto";
import { REDIS_ROLES, type RedisRole } from "../engines/redis.ts";
import type { Ports } from "./ports.ts";
import { pushAccountAt } from "./push-account.ts";
import { type Secrets, staffKeys } from "./secrets.ts";

/** The merchant account of the local Adyen. */
export const ADYEN_MERCHANT = "FrontageLocal";

/** What the shop is called at the local issuer. */
export const ISSUER_CLIENT = "frontage-local";

export type Vars = Readonly<Record<string, string>>;

const at = (port: number, path = ""): string => `http://127.0.0.1:${port}${path}`;

/** The Workers' variables for stand-ins on these ports. */
export function varsFor(
  ports: Ports,
  secrets: Secrets,
  { user, database }: { user: string; database: string },
): Vars {
  const roles = Object.keys(REDIS_ROLES) as RedisRole[];
  const redis = roles.flatMap((role) => [
    [`REDIS_${role.toUpperCase()}_URL`, at(ports.redis[role])],
    [`REDIS_${role.toUpperCase()}_TOKEN`, secrets.redis],
  ]);
  const planetScale = (port: number) => `http://${user}:${secrets.mysql}@127.0.0.1:${port}`;
  return {
    MYSQL_URL: planetScale(ports.planetscale),
    MYSQL_REPLICA_URL: planetScale(ports.planetscaleReplica),
    NEON_URL: `postgresql://${user}:${secrets.neon}@127.0.0.1/${database}`,
    NEON_ENDPOINT: at(ports.neon, "/sql"),
    ...Object.fromEntries(redis),
    STRIPE_URL: at(ports.stripe),
    STRIPE_SECRET_KEY: secrets.stripe,
    STRIPE_WEBHOOK_SECRETS: secrets.stripeWebhooks,
    ADYEN_URL: at(ports.adyen, "/v71"),
    ADYEN_API_KEY: secrets.adyen,
    ADYEN_MERCHANT,
    ADYEN_HMAC_KEYS: secrets.adyenHmac,
    MAIL_URL: at(ports.messages),
    MAIL_KEY: secrets.mail,
    MAIL_FROM: "Frontage <orders@frontage.example>",
    SMS_URL: at(ports.messages),
    SMS_KEY: secrets.mail,
    SMS_FROM: "Frontage",
    PUSH_URL: at(ports.messages),
    PUSH_ACCOUNT: JSON.stringify(pushAccountAt(secrets)(at(ports.messages))),
    HANDOVER_ENDPOINTS: handover(at(ports.deliveries, "/handover/warehouse"), secrets),
    WEBHOOK_ALLOWED_ORIGINS: at(ports.deliveries),
    TOKEN_SECRET: secrets.token,
    STAFF_KEYS: staffKeys(secrets.staffKey),
    AUTH_KEYS: secrets.authKeys,
    PUBLIC_URL: at(ports.api),
    OIDC_PROVIDERS: oidcProviders(ports, secrets),
    // Browsers know no passkeys for an address of numbers.
    PASSKEY_RP_ID: "localhost",
    PASSKEY_ORIGINS: `http://localhost:${ports.api}`,
    // No front end of another origin, until it is named: `CORS_ORIGINS=http://localhost:5173 npm start`.
    CORS_ORIGINS: "",
    PAYMENT_TIMEOUT_MS: "2500",
    PAYMENT_SETTLE_MS: "3000",
    // Everybody here comes from one address, and one isolate serves them all: tests and benchmarks must
    // not meet limits that are made for one shopper of many. Those of accounts and codes stay.
    UNLIMITED_NETWORKS: "127.0.0.0/8,::1",
    IN_FLIGHT_MAX: "4096",
    // The engines share this machine's cores with whoever drives them: slow is not sick.
    SLOW_CALL_MS: "60000",
    LIMITS: "{}",
  };
}

/** The shop's warehouse is the sink, which shows what it was sent. */
function handover(url: string, { token }: Secrets): string {
  const secret = createHash("sha256").update(`handover|${token}`).digest("base64");
  return JSON.stringify([{ id: "warehouse", url, secret: `whsec_${secret}` }]);
}

/** The local issuer owns the mailboxes of its people, so it may vouch for them. */
function oidcProviders(ports: Ports, { issuer }: Secrets): string {
  const provider = {
    id: "local",
    name: "the local issuer",
    issuer: at(ports.issuer),
    clientId: ISSUER_CLIENT,
    clientSecret: issuer,
    // A browser keeps what it began by the address it was begun at, and this machine has two.
    redirectUris: [at(ports.api, "/sign-in/local"), `http://localhost:${ports.api}/sign-in/local`],
    vouchesForEmail: true,
  };
  return JSON.stringify([provider]);
}

/** Values from the environment win, name by name: that is how one part is pointed at a hosted service. */
export function withOverrides(
  vars: Vars,
  env: Record<string, string | undefined>,
): { vars: Vars; names: string[] } {
  const given = Object.keys(vars).flatMap((name) => {
    const value = env[name];
    return value ? [[name, value] as const] : [];
  });
  return { vars: { ...vars, ...Object.fromEntries(given) }, names: given.map(([name]) => name) };
}
