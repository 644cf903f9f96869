import { z } from "zod";
import { Currency } from "../../shared/money.ts";

const url = z.url({ protocol: /^https?$/ });
const secret = z.string().min(1);

const StaffKey = z.object({
  id: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.string()),
});

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

const REDIS_ROLES = ["SESSION", "USER", "PAYMENT", "BUFFER", "BLOCKLIST", "CONTENT"] as const;
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

/** Every variable and secret of every Worker. Units stand last in the names. */
const Config = z.object({
  MYSQL_URL: url,
  MYSQL_REPLICA_URL: url,
  NEON_URL: z.string().startsWith("postgres"),
  /** Only where `NEON_URL`'s host has no SQL-over-HTTP endpoint of its own (the local gateway). */
  NEON_ENDPOINT: url.optional(),
  ...redis,
  STRIPE_URL: url.default("https://api.stripe.com"),
  STRIPE_SECRET_KEY: secret,
  MAIL_URL: url,
  MAIL_KEY: secret,
  MAIL_FROM: z.string().min(3),
  /**
   * Changing it makes guests' order tokens, which stand in mailed links, worthless. Carts stay with
   * their guests: only a first change that is repeated across the change of secret makes a second cart.
   */
  TOKEN_SECRET: z.string().min(32),
  STAFF_KEYS: json(z.array(StaffKey)),
  PUBLIC_URL: url,
  STORE_CURRENCY: Currency.default("USD"),
  STORE_LOCALE: z.string().default("en"),
  CORS_ORIGINS: z
    .string()
    .default("")
    .transform((list) =>
      list
        .split(",")
        .map((origin) => origin.trim())
        .filter(Boolean),
    ),
  /** How long the processor is waited for before the outcome counts as unknown. */
  PAYMENT_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(8_000),
  /** How long after sending "not found" may still mean "not yet": search indexes lag. */
  PAYMENT_SETTLE_MS: z.coerce.number().int().min(0).max(600_000).default(120_000),
  DEPENDENCY_TIMEOUT_MS: z.coerce.number().int().min(50).max(30_000).default(3_000),
  VERSION: z.string().default("dev"),
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
  return result.data;
}
