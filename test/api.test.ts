import { env, exports } from "cloudflare:workers";
import { describe, it } from "vitest";

const get = (path: string, init?: RequestInit) =>
  exports.default.fetch(new Request(`http://shop.test${path}`, init));

describe("the storefront", () => {
  it("answers a live probe without asking anybody", async ({ expect }) => {
    const response = await get("/api/v2/health?probe=live");
    expect(response.status).toBe(200);
    expect(response.headers.get("X-Round-Trips")).toBe("0");
    expect(response.headers.get("X-Request-Id")).toMatch(/^req_/);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  it("is healthy with every real engine behind it", async ({ expect }) => {
    const response = await get("/api/v2/health");
    const health = await response.json<{ status: string; checks: Record<string, unknown> }>();
    expect(health).toMatchObject({ status: "ok", checks: { mysql: { status: "ok" } } });
    expect(response.headers.get("X-Round-Trips")).toBe("1");
  });

  it("says which deployed version answers, so that pages of another one are not served", async ({
    expect,
  }) => {
    const { version } = await (await get("/api/v2/health?probe=live")).json<{ version: string }>();
    expect(version).toBe(env.VERSION_METADATA.id);
  });

  it("answers an unknown path with a problem", async ({ expect }) => {
    const response = await get("/api/v2/nothing-here");
    expect(response.status).toBe(404);
    expect(response.headers.get("Content-Type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ type: "/problems/not-found", status: 404 });
  });

  it("names the methods of a path that was asked with another", async ({ expect }) => {
    const response = await get("/api/v2/processorder", { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toContain("POST");
    expect(await response.json()).toMatchObject({ type: "/problems/method-not-allowed" });
  });

  it("describes itself in OpenAPI 3.1", async ({ expect }) => {
    const document = await (await get("/openapi.json")).json<{
      openapi: string;
      paths: Record<string, unknown>;
    }>();
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toContain("/api/v2/processorder");
  });
});
