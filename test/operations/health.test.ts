import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { api } from "../../src/api.ts";
import type { Health } from "../../src/operations/health.ts";

// Port 9 discards what it is sent where it exists at all; here nobody listens.
const NOBODY = "http://127.0.0.1:9";

async function health(vars: Record<string, string>, path = "/api/v2/health") {
  const request = new Request(`http://api.test${path}`);
  const response = await api.fetch(request, { ...env, ...vars } as Env, createExecutionContext());
  return { response, body: await response.json<Health>() };
}
const downIn = ({ checks }: Health) =>
  Object.keys(checks).filter((name) => checks[name]?.status === "down");

describe("health", () => {
  it("is ok when everybody answers, in one step", async ({ expect }) => {
    const { response, body } = await health({});
    expect([response.status, body.status, downIn(body)]).toEqual([200, "ok", []]);
    expect(Object.keys(body.checks)).toHaveLength(9);
    expect(response.headers.get("X-Round-Trips")).toBe("1");
  });

  it("is degraded without a Redis: the shop is open", async ({ expect }) => {
    const { response, body } = await health({ REDIS_BUFFER_URL: NOBODY });
    expect([response.status, body.status, downIn(body)]).toEqual([
      200,
      "degraded",
      ["redis-buffer"],
    ]);
  });

  it("is degraded with a Redis that refuses the token", async ({ expect }) => {
    const { body } = await health({ REDIS_SESSION_TOKEN: "wrong" });
    expect([body.status, downIn(body)]).toEqual(["degraded", ["redis-session"]]);
  });

  it("is degraded without the replica and the documents", async ({ expect }) => {
    const { response, body } = await health({ MYSQL_REPLICA_URL: NOBODY, NEON_ENDPOINT: NOBODY });
    expect([response.status, body.status, downIn(body)]).toEqual([
      200,
      "degraded",
      ["replica", "neon"],
    ]);
  });

  it("is down without the primary: nothing can be sold", async ({ expect }) => {
    const { response, body } = await health({ MYSQL_URL: NOBODY });
    expect([response.status, body.status, downIn(body)]).toEqual([503, "down", ["mysql"]]);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  it("is live whatever is down, and asks nobody", async ({ expect }) => {
    const { response, body } = await health({ MYSQL_URL: NOBODY }, "/api/v2/health?probe=live");
    expect([response.status, body]).toMatchObject([200, { status: "ok", checks: {} }]);
    expect(response.headers.get("X-Round-Trips")).toBe("0");
  });

  it("knows no other probe", async ({ expect }) => {
    const { response, body } = await health({}, "/api/v2/health?probe=dead");
    expect(response.status).toBe(422);
    expect(body).toMatchObject({ errors: [{ pointer: "/query/probe" }] });
  });

  it("shows no address of what is down", async ({ expect }) => {
    const { body } = await health({ MYSQL_URL: NOBODY, REDIS_BUFFER_URL: NOBODY });
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|fetch/);
  });
});
