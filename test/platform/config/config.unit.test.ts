import { describe, it } from "vitest";
import { freshAuthKeys } from "../../../local/auth-keys/rotate.ts";
import { configOf, sharedRedisRoles } from "../../../src/platform/config/config.ts";

const ROLES = ["session", "user", "payment", "buffer", "blocklist", "content"] as const;
const urls = (of: (role: string) => string) =>
  Object.fromEntries(
    ROLES.map((role) => [`REDIS_${role.toUpperCase()}_URL`, of(role)]),
  ) as Parameters<typeof sharedRedisRoles>[0];

/** All that has no default. */
const WHOLE = {
  MYSQL_URL: "https://mysql.example",
  MYSQL_REPLICA_URL: "https://mysql.example",
  NEON_URL: "postgresql://neon.example",
  ...urls((role) => `https://${role}.example`),
  ...Object.fromEntries(ROLES.map((role) => [`REDIS_${role.toUpperCase()}_TOKEN`, "token"])),
  STRIPE_SECRET_KEY: "sk",
  MAIL_URL: "https://mail.example",
  MAIL_KEY: "re",
  MAIL_FROM: "Shop <a@b.example>",
  TOKEN_SECRET: "x".repeat(32),
  STAFF_KEYS: "[]",
  AUTH_KEYS: JSON.stringify(freshAuthKeys("test")),
  PUBLIC_URL: "https://shop.example",
};

describe("sharedRedisRoles", () => {
  it("names the roles that share, and only those", ({ expect }) => {
    expect(sharedRedisRoles(urls((role) => `https://${role}.example`))).toEqual([]);
    expect(sharedRedisRoles(urls(() => "https://one.example"))).toEqual([...ROLES]);
    const some = urls((role) =>
      role === "user" ? "https://session.example" : `https://${role}.example`,
    );
    expect(sharedRedisRoles(some)).toEqual(["session", "user"]);
  });
});

describe("configOf", () => {
  it("names what is missing or wrong, and never its value", ({ expect }) => {
    const env = { MYSQL_URL: "not-a-url-but-secret", TOKEN_SECRET: "short" };
    expect(() => configOf(env)).toThrow(/MYSQL_URL/);
    expect(() => configOf(env)).toThrow(/TOKEN_SECRET/);
    expect(() => configOf(env)).toThrow(/STRIPE_SECRET_KEY/);
    expect(() => configOf(env)).not.toThrow(/not-a-url-but-secret|short/);
  });

  it.for([
    ["an issuer without https", { issuer: "http://issuer.example" }],
    ["an algorithm of shared secrets", { algorithms: ["HS256"] }],
    ["no page to come back to", { redirectUris: [] }],
    ["a page that is not https", { redirectUris: ["http://shop.example/sign-in"] }],
    [
      "a page that only begins as this machine",
      { redirectUris: ["http://127.0.0.1:1@evil.example/"] },
    ],
    ["a script to come back to", { redirectUris: ["javascript:alert(1)"] }],
    ["a fragment to come back to", { redirectUris: ["https://shop.example/#/sign-in"] }],
  ] as const)("49 · refuses a provider with %s", ([, change], { expect }) => {
    const provider = {
      id: "google",
      name: "Google",
      issuer: "https://accounts.google.com",
      clientId: "shop",
      clientSecret: "secret",
      redirectUris: ["https://shop.example/sign-in"],
    };
    const other = { ...provider, id: "other" };
    const badNames = (providers: object[]) => {
      try {
        configOf({ OIDC_PROVIDERS: JSON.stringify(providers) });
      } catch (error) {
        return String(error);
      }
      return "";
    };
    expect(badNames([provider])).not.toContain("OIDC_PROVIDERS");
    expect(badNames([{ ...provider, ...change }])).toContain("OIDC_PROVIDERS");
    expect(badNames([provider, other])).toContain("OIDC_PROVIDERS");
  });

  it.for([
    ["off", "off", []],
    ["off", undefined, []],
    ["https://fcm.googleapis.com", {}, []],
    ["https://fcm.googleapis.com", "off", ["PUSH_ACCOUNT"]],
    ["https://fcm.googleapis.com", { private_key: "rsa" }, ["PUSH_ACCOUNT"]],
    ["https://fcm.googleapis.com", { token_uri: "http://token.example" }, ["PUSH_ACCOUNT"]],
    ["http://fcm.example", {}, ["PUSH_URL"]],
  ] as const)("of push notifications to %s by %o misses %o", ([url, change, bad], { expect }) => {
    const plain = {
      type: "service_account",
      project_id: "shop",
      client_email: "push@shop.example",
      private_key_id: "1",
      private_key: "-----BEGIN PRIVATE KEY-----\nsecret",
    };
    const account = typeof change === "object" ? JSON.stringify({ ...plain, ...change }) : change;
    const env = { ...WHOLE, PUSH_URL: url, ...(account && { PUSH_ACCOUNT: account }) };
    if (bad.length > 0) {
      expect(() => configOf(env)).toThrow(`configuration: missing or invalid: ${bad}`);
      expect(() => configOf(env)).not.toThrow(/secret/);
      return;
    }
    const { PUSH } = configOf(env);
    expect(PUSH?.url).toBe(url === "off" ? undefined : url);
    const tokenUri = url === "off" ? undefined : "https://oauth2.googleapis.com/token";
    expect(PUSH?.account.token_uri).toBe(tokenUri);
  });
});
