import { describe, it } from "vitest";
import { configOf, sharedRedisRoles } from "../../../src/platform/config/config.ts";

const ROLES = ["session", "user", "payment", "buffer", "blocklist", "content"] as const;
const urls = (of: (role: string) => string) =>
  Object.fromEntries(
    ROLES.map((role) => [`REDIS_${role.toUpperCase()}_URL`, of(role)]),
  ) as Parameters<typeof sharedRedisRoles>[0];

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
  ] as const)("refuses a provider with %s", ([, change], { expect }) => {
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
});
