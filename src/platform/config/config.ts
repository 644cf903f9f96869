import { z } from "zod";
import { Currency } from "../../shared/money.ts";
import { parseNetwork } from "../../shared/network.ts";
import { logInfo } from "../telemetry/log.ts";
import { AuthKeys } from "./auth-keys.ts";

const url = z.url({ protocol: /^https?$/ });
const secret = z.string().min(1);

const StaffKey = z.object({
  id: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.string()),
});

const HandoverEndpoint = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/),
  url,
  /** As Standard Webhooks writes it: 24 to 64 bytes in base64. */
  secret: z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/),
});

/** Asymmetric ones only: a key that an issuer publishes must never be taken for a shared secret. */
const SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"] as const;

/** https, but for a stand-in on this machine. */
const secureUrl = z
  .url({ protocol: /^https$/ })
  .or(z.string().regex(/^http:\/\/127\.0\.0\.1:\d+(?:\/\S*)?$/));

/** A page that browsers bring secrets to: https, but on this machine, and without a fragment (RFC 6749, 3.1.2). */
const pageUrl = z
  .url({ protocol: /^https$/ })
  .or(z.string().regex(/^http:\/\/(?:127\.0\.0\.1|localhost):\d+(?:\/\S*)?$/))
  .refine((text) => !text.includes("#"), "has a fragment");

/** A service account of Google Cloud's, as its console gives it out: the whole key file. */
const ServiceAccount = z.object({
  project_id: z.string().regex(/^[a-z0-9-]{1,60}$/),
  client_email: secret,
  private_key_id: secret,
  /** PKCS #8 in PEM, for RS256. */
  private_key: z.string().startsWith("-----BEGIN PRIVATE KEY-----"),
  /** Where its assertions become access tokens. */
  token_uri: secureUrl.default("https://oauth2.googleapis.com/token"),
});
export type ServiceAccount = z.output<typeof ServiceAccount>;

const OidcProvider = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/),
  /** What a sign-in button says. */
  name: z.string().min(1).max(60),
  /** https, but for a stand-in on this machine. Compared whole with what tokens say. */
  issuer: z.url({ protocol: /^https$/ }).or(z.string().regex(/^http:\/\/127\.0\.0\.1:\d+$/)),
  clientId: secret,
  clientSecret: secret,
  /** Where the front end takes the answer of the issuer: compared whole, never by prefix. */
  redirectUris: z.array(pageUrl).min(1),
  algorithms: z.array(z.enum(SIGNATURES)).min(1).default(["RS256"]),
  /**
   * That an address which this issuer calls verified is surely that person's: it opens an account, and
   * the account that already has it. Without it an owner signs in as usual and links the two.
   */
  vouchesForEmail: z.boolean().default(false),
});
export type OidcProvider = z.output<typeof OidcProvider>;

const areUnlike = (texts: readonly string[]) => new Set(texts).size === texts.length;
/** One per issuer: whose subject is whose would else depend on who asked. */
const OidcProviders = z
  .array(OidcProvider)
  .refine((all) => areUnlike(all.map(({ id }) => id)) && areUnlike(all.map((one) => one.issuer)));

/** A JSON text in a variable, as `wrangler secret put` stores it. */
const json = <S extends z.ZodType>(schema: S) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue("is not JSON");
        return z.NEVER;
      }
    })
    .pipe(schema);

export const REDIS_ROLES = [
  "SESSION",
  "USER",
  "PAYMENT",
  "BUFFER",
  "BLOCKLIST",
  "CONTENT",
] as const;
export type RedisRole = Lowercase<(typeof REDIS_ROLES)[number]>;

const redis = Object.fromEntries(
  REDIS_ROLES.flatMap((role) => [
    [`REDIS_${role}_URL`, url],
    [`REDIS_${role}_TOKEN`, secret],
  ]),
) as Record<
  `REDIS_${(typeof REDIS_ROLES)[number]}_URL` | `REDIS_${(typeof REDIS_ROLES)[number]}_TOKEN`,
  z.ZodString
>;

const count = z.int().min(1).max(10_000_000);

/** What a deployment sets of a limit's policy; `src/platform/limits/policy.ts` says what it means. */
const LimitChange = z
  .strictObject({
    tries: count,
    perMs: count,
    delayMs: count,
    delayMsMax: count,
    strangers: z.strictObject({ tries: count, perMs: count }),
    all: z.strictObject({ tries: count, perMs: count }),
  })
  .partial();

/** Several values in one variable, such as an old and a new secret while they are exchanged. */
const list = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
  );

const networks = list.pipe(
  z.array(z.string().refine((text) => parseNetwork(text) !== undefined, "is no network")),
);

/** What a deployment does not have: a Worker's required secrets cannot be left out. */
const OFF = "off";

/** Every variable and secret of every Worker. Units stand last in the names. */
const Variables = z.object({
  MYSQL_URL: url,
  MYSQL_REPLICA_URL: url,
  NEON_URL: z.string().startsWith("postgres"),
  /** Only where `NEON_URL`'s host has no SQL-over-HTTP endpoint of its own (the local gateway). */
  NEON_ENDPOINT: url.optional(),
  ...redis,
  STRIPE_URL: url.default("https://api.stripe.com"),
  STRIPE_SECRET_KEY: secret,
  /** Any of them may have signed a webhook. None: every webhook of Stripe is refused. */
  STRIPE_WEBHOOK_SECRETS: list,
  /** With the API's version: `https://<prefix>-checkout-live.adyenpayments.com/checkout/v71`. */
  ADYEN_URL: z.union([z.literal(OFF), url]).default("https://checkout-test.adyen.com/v71"),
  /** `off`: this shop has one processor. */
  ADYEN_API_KEY: secret.default(OFF),
  ADYEN_MERCHANT: secret.default(OFF),
  /** Hexadecimal, as Adyen shows them. Its results are told by webhook only, so it needs one. */
  ADYEN_HMAC_KEYS: list.pipe(
    z.array(z.union([z.literal(OFF), z.string().regex(/^[0-9a-fA-F]{64}$/)])),
  ),
  MAIL_URL: url,
  MAIL_KEY: secret,
  MAIL_FROM: z.string().min(3),
  /** `off`: phones are told nothing. */
  SMS_URL: z.union([z.literal(OFF), url]).default(OFF),
  SMS_KEY: secret.default(OFF),
  SMS_FROM: secret.default(OFF),
  /** Firebase Cloud Messaging: `https://fcm.googleapis.com`. `off`: no device is told anything. */
  PUSH_URL: z.union([z.literal(OFF), secureUrl]).default(OFF),
  /** The key file of a service account that may send, as JSON. */
  PUSH_ACCOUNT: z.union([z.literal(OFF), json(ServiceAccount)]).default(OFF),
  /** Systems of the shop's own, such as its ERP and its warehouse, that take paid orders over. */
  HANDOVER_ENDPOINTS: json(z.array(HandoverEndpoint)).default([]),
  /** Where webhooks may go although it is no public https address: the sink of a local stack; else `off`. */
  WEBHOOK_ALLOWED_ORIGINS: list,
  /**
   * Changing it makes guests' order tokens, which stand in mailed links, worthless, and gives every
   * webhook endpoint another secret. Carts stay with their guests: only a first change that is repeated
   * across the change of secret makes a second cart.
   */
  TOKEN_SECRET: z.string().min(32),
  STAFF_KEYS: json(z.array(StaffKey)),
  /** What shoppers' tokens and passwords are made with; `npm run auth-keys` makes and rotates it. */
  AUTH_KEYS: json(AuthKeys),
  PUBLIC_URL: url,
  /** Where shoppers may sign in with an account that they have elsewhere. */
  OIDC_PROVIDERS: json(OidcProviders).default([]),
  /** The domain that passkeys are for, and all its subdomains. Default: the host of `PUBLIC_URL`. */
  PASSKEY_RP_ID: z.string().min(1).optional(),
  /** The pages that may use them. Default: `PUBLIC_URL` alone. */
  PASSKEY_ORIGINS: list,
  STORE_CURRENCY: Currency.default("USD"),
  STORE_LOCALE: z.string().default("en"),
  CORS_ORIGINS: list,
  /** How long the processor is waited for before the outcome counts as unknown. */
  PAYMENT_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(8_000),
  /** How long after sending "not found" may still mean "not yet": search indexes lag. */
  PAYMENT_SETTLE_MS: z.coerce.number().int().min(0).max(600_000).default(120_000),
  DEPENDENCY_TIMEOUT_MS: z.coerce.number().int().min(50).max(30_000).default(3_000),
  /** Other limits than the built-in ones, by a policy's name: `{"sign-in":{"tries":3}}`. docs/limits.md lists them. */
  LIMITS: json(z.record(z.string(), LimitChange)).default({}),
  /** Refused sign-ins, and mails asked for, are answered no sooner: longer than they usually take. */
  AUTH_ANSWER_FLOOR_MS: z.coerce.number().int().min(0).max(5_000).default(350),
  /** Not counted by address: the shop's office, its monitors, the machine of a local stack. Each a CIDR. */
  UNLIMITED_NETWORKS: networks,
  /** Expensive requests that one isolate works on at once; beyond them it answers 503. */
  IN_FLIGHT_MAX: z.coerce.number().int().min(1).default(256),
  /** A call to the database that takes longer counts as failed, when it is about shedding load. */
  SLOW_CALL_MS: z.coerce.number().int().min(1).default(2_000),
  /** From how many waiting messages, and how many dead letters, a queue raises an alert. */
  QUEUE_DEPTH_ALERT: z.coerce.number().int().min(1).default(1_000),
  /** From how many on expensive routes answer 503 until the queue is shorter. */
  QUEUE_DEPTH_SHED: z.coerce.number().int().min(1).default(100_000),
  DEAD_LETTERS_ALERT: z.coerce.number().int().min(1).default(1),
  /** The deployed version, from the platform's binding; pages that another version stored are not served. */
  VERSION: z.string().optional(),
  VERSION_METADATA: z.object({ id: z.string() }).optional(),
});

type Parsed = z.output<typeof Variables>;
type Refuse = (names: readonly string[], why: string) => void;

/** The second processor, where there is one. */
function adyenOf(parsed: Parsed, refuse: Refuse) {
  const { ADYEN_API_KEY: apiKey, ADYEN_URL: url, ADYEN_MERCHANT: merchantAccount } = parsed;
  if (apiKey === OFF) return undefined;
  const hmacKeys = parsed.ADYEN_HMAC_KEYS.filter((key) => key !== OFF);
  const missing = [
    ...(hmacKeys.length > 0 ? [] : ["ADYEN_HMAC_KEYS"]),
    ...(merchantAccount === OFF ? ["ADYEN_MERCHANT"] : []),
    ...(url === OFF ? ["ADYEN_URL"] : []),
  ];
  refuse(missing, "is needed for Adyen");
  return { url, apiKey, merchantAccount, hmacKeys };
}

/** Where push notifications go, and by whose account; undefined where none are sent. */
function pushOf({ PUSH_URL: url, PUSH_ACCOUNT: account }: Parsed, refuse: Refuse) {
  if (url === OFF) return undefined;
  if (account !== OFF) return { url, account };
  refuse(["PUSH_ACCOUNT"], "is needed for push notifications");
  return undefined;
}

const Config = Variables.transform((parsed, context) => {
  const refuse: Refuse = (names, message) => {
    for (const name of names) context.addIssue({ code: "custom", path: [name], message });
  };
  const { ADYEN_API_KEY, ADYEN_HMAC_KEYS, PUSH_URL, PUSH_ACCOUNT, ...others } = parsed;
  const VERSION = others.VERSION ?? others.VERSION_METADATA?.id ?? "dev";
  const [ADYEN, PUSH] = [adyenOf(parsed, refuse), pushOf(parsed, refuse)];
  return context.issues.length > 0 ? z.NEVER : { ...others, VERSION, ADYEN, PUSH };
});
export type Config = z.output<typeof Config>;

const parsed = new WeakMap<object, Config>();

/** Parses the variables once per isolate. Fails with the names of the bad ones, never their values. */
export function configOf(env: object): Config {
  const known = parsed.get(env);
  if (known) return known;
  const result = Config.safeParse(env);
  if (!result.success) {
    const names = [...new Set(result.error.issues.map((issue) => String(issue.path[0])))];
    throw new Error(`configuration: missing or invalid: ${names.join(", ")}`);
  }
  parsed.set(env, result.data);
  const shared = sharedRedisRoles(result.data);
  if (shared.length > 0)
    logInfo("config.redis_roles_share_a_database", { roles: shared.join(" ") });
  return result.data;
}

/** The roles whose database serves another role too: their eviction policies conflict. */
export function sharedRedisRoles(
  config: Record<`REDIS_${Uppercase<RedisRole>}_URL`, string>,
): RedisRole[] {
  const urls = REDIS_ROLES.map((role) => config[`REDIS_${role}_URL`]);
  const isShared = (url: string) => urls.indexOf(url) !== urls.lastIndexOf(url);
  return REDIS_ROLES.filter((_role, at) => isShared(urls[at]!)).map(
    (role) => role.toLowerCase() as RedisRole,
  );
}
