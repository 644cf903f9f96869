import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { api } from "../../src/api.ts";
import { isAudited } from "../../src/platform/http/audited.ts";
import { allows, SCOPES, type Scope } from "../../src/platform/http/scope.ts";
import { sha256Hex } from "../../src/shared/digest.ts";
import { documentedRoutes, pathOf, type Route, STAFF_KEY, settings } from "./documented-routes.ts";
import { rightRequest } from "./right-request.ts";

const routes = (await documentedRoutes()).filter(({ audience }) => audience === "staff");
const called = (chosen: Route[]) => chosen.map((route) => [route.name, route] as const);
const writes = routes.filter(({ method }) => method !== "GET");

/** One key per scope, which has every other scope; one with none; one that may read everything. */
const keyWithout = (scope: Scope) => `without-${scope}`;
const KEYS: Record<string, readonly string[]> = {
  "no-scope": [],
  reader: ["*:read"],
  ...Object.fromEntries(
    SCOPES.map((scope) => [keyWithout(scope), SCOPES.filter((other) => !implies(other, scope))]),
  ),
};
function implies(granted: Scope, scope: Scope) {
  return allows([granted], scope);
}
const bindings = {
  ...settings,
  STAFF_KEYS: JSON.stringify([
    ...(JSON.parse(settings.STAFF_KEYS) as object[]),
    ...(await Promise.all(
      Object.entries(KEYS).map(async ([id, scopes]) => ({
        id,
        sha256: await sha256Hex(id),
        scopes,
      })),
    )),
  ]),
};

async function ask(
  path: string,
  init: { method: string; headers: Record<string, string>; body?: string | Uint8Array },
) {
  const ctx = createExecutionContext();
  const response = await api.fetch(new Request(`http://shop.test${path}`, init), bindings, ctx);
  const text = await response.text();
  await waitOnExecutionContext(ctx);
  return { status: response.status, headers: response.headers, text };
}

const JSON_TYPE = { "Content-Type": "application/json" };
describe("32 · function level authorization", () => {
  it.for(called(routes))("%s is closed to shoppers, guests and other staff", async ([, route]) => {
    const own = { "Cart-Token": "t".repeat(43), "Order-Token": "t".repeat(43), ...JSON_TYPE };
    const statusFor = async (Authorization?: string) => {
      const headers = { ...own, ...(Authorization ? { Authorization } : {}) };
      const { path, method, body } = rightRequest(route);
      return (await ask(path, { method, headers, ...(body === undefined ? {} : { body }) })).status;
    };
    expect(await statusFor()).toBe(401);
    expect(await statusFor("Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoib3duZXIifQ.")).toBe(401);
    expect(await statusFor("Bearer no-scope")).toBe(403);
    expect(await statusFor(`Bearer ${keyWithout(route.scope as Scope)}`)).toBe(403);
    if (route.method !== "GET") expect(await statusFor("Bearer reader")).toBe(403);
  });

  it.for(called(writes))("%s cannot be reached by another method's name", async ([, route]) => {
    const names = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"];
    for (const name of names) {
      for (const method of ["GET", "POST", "HEAD"].filter((each) => each !== route.method)) {
        const headers = { Authorization: "Bearer reader", [name]: route.method };
        const { status, headers: sent } = await ask(`${pathOf(route)}?${name}=${route.method}`, {
          method,
          headers,
        });
        // A read of the same path, or of none: never the write, which would be refused as one.
        expect([200, 403, 404, 405, 422]).toContain(status);
        if (status === 403) expect(method).toBe("POST");
        if (status === 405) expect(sent.get("Allow")).toContain(route.method);
      }
    }
  });
});

type Entry = {
  requestId: string;
  actor: string;
  action: string;
  at: string;
  target: Record<string, unknown>;
  outcome: { status: number; problem?: string } | null;
};

/** The rows of one request, as the audit route shows them. */
async function rowsOf(requestId: string): Promise<Entry[]> {
  const headers = { Authorization: `Bearer ${STAFF_KEY}` };
  const { text } = await ask("/ops/v1/audit?limit=20", { method: "GET", headers });
  const { items } = JSON.parse(text) as { items: Entry[] };
  return items.filter((entry) => entry.requestId === requestId);
}

describe("75 · the audit log", () => {
  it("stands in the chain of every route that changes something", () => {
    const has = (route: Route) =>
      api.routes.some(
        ({ method, path, handler }) =>
          method === route.method &&
          path.replaceAll(/:(\w+)/g, "{$1}") === route.path &&
          isAudited(handler),
      );
    expect(writes.filter((route) => !has(route)).map(({ name }) => name)).toEqual([]);
    expect(writes.length).toBeGreaterThan(20);
  });

  it.for(called(writes))("has a row for %s", async ([, route]) => {
    const { path, json: _, ...init } = rightRequest(route);
    const startedAtMs = Date.now();
    const answer = await ask(path, init);
    expect(answer.status, answer.text).toBeLessThan(500);
    const rows = await rowsOf(answer.headers.get("X-Request-Id")!);
    expect(rows, answer.text).toHaveLength(1);
    const [row] = rows;
    expect(row).toMatchObject({ actor: "tester", outcome: { status: answer.status } });
    expect(row!.action).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(Date.parse(row!.at)).toBeGreaterThanOrEqual(startedAtMs - 1_000);
    const named = route.parameters.filter((each) => each.in === "path").map(({ name }) => name);
    expect(Object.keys(row!.target)).toEqual(expect.arrayContaining(named));
  });
});
