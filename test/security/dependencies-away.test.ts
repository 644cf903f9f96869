import { describe, it } from "vitest";
import { rightBody } from "./bad-values.ts";
import {
  credentials,
  documentedRoutes,
  LEAK,
  pathOf,
  queryOf,
  type Route,
  send,
  settings,
} from "./documented-routes.ts";

const routes = await documentedRoutes();

// Port 9: nobody listens, so every call is refused at once.
const NOBODY = "http://127.0.0.1:9";
const AWAY: Record<string, Partial<Env>> = {
  mysql: { MYSQL_URL: NOBODY },
  replica: { MYSQL_REPLICA_URL: NOBODY },
  neon: { NEON_ENDPOINT: NOBODY },
  redis: Object.fromEntries(
    ["SESSION", "USER", "PAYMENT", "BUFFER", "BLOCKLIST", "CONTENT"].map((role) => [
      `REDIS_${role}_URL`,
      NOBODY,
    ]),
  ),
};
const everything = Object.assign({}, ...Object.values(AWAY)) as Partial<Env>;

async function ask(route: Route, away: Partial<Env>, query = queryOf(route)) {
  const init = {
    method: route.method,
    headers: { ...credentials(route), ...(route.body && { "Content-Type": "application/json" }) },
    ...(route.body && { body: JSON.stringify(rightBody(route.body)) }),
  };
  const response = await send(`${pathOf(route)}${query}`, init, { ...settings, ...away } as Env);
  return { response, text: await response.text() };
}

const isHealth = ({ tags }: Route) => tags.includes("Health");
const cases = Object.entries({ ...AWAY, everything }).flatMap(([name, away]) =>
  routes
    .filter((route) => !isHealth(route))
    .map((route) => [name, route.name, route, away] as const),
);

describe("with a dependency away", () => {
  it.for(cases)(
    "%s: %s answers, or says so and when to come back",
    async ([, , route, away], { expect }) => {
      const { response, text } = await ask(route, away);
      expect(text).not.toMatch(LEAK);
      expect(response.headers.get("X-Request-Id")).not.toBeNull();
      if (response.status < 500) return;
      expect(response.status, text).toBe(503);
      expect(response.headers.get("Retry-After")).toMatch(/^\d+$/);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(JSON.parse(text)).toMatchObject({ type: "/problems/dependency-unavailable" });
    },
  );

  it("is not noticed by routes that do not need it, and is by those that do", async ({
    expect,
  }) => {
    const statusOf = async (name: string, away: Partial<Env>, query?: string) => {
      const route = routes.find((each) => each.name === name)!;
      return (await ask(route, away, query)).response.status;
    };
    expect(await statusOf("GET /api/v2/products", AWAY.mysql!)).toBe(200);
    expect(await statusOf("GET /api/v2/products", AWAY.redis!)).toBe(200);
    // Pages that somebody has asked for before are still in memory: this one is not.
    expect(await statusOf("GET /api/v2/products", AWAY.replica!, "?limit=97")).toBe(503);
    expect(await statusOf("POST /api/v2/cart/lines", AWAY.mysql!)).toBe(503);
    expect(await statusOf("GET /api/v2/order/{orderId}", AWAY.mysql!)).toBe(503);
    expect(await statusOf("GET /api/v2/availability", AWAY.redis!)).toBe(200);
  });
});
