import { type Context, Hono } from "hono";
import { describe, it } from "vitest";
import { requireStaff } from "../../src/operations/staff-auth.ts";
import type { ApiEnv } from "../../src/platform/http/context.ts";
import { describe as declared } from "../../src/platform/http/describe.ts";
import { onError } from "../../src/platform/http/problem.ts";
import type { Scope } from "../../src/platform/http/scope.ts";
import type { Io } from "../../src/platform/io/io.ts";
import { sha256Hex } from "../../src/shared/digest.ts";

const STAFF_KEYS = [
  { id: "root", sha256: await sha256Hex("key-root"), scopes: ["*"] },
  { id: "clerk", sha256: await sha256Hex("key-clerk"), scopes: ["inventory:read", "orders:write"] },
  { id: "leaver", sha256: await sha256Hex("key-leaver"), scopes: [] },
];

const needs = (scope: Scope) =>
  declared({ summary: "", tag: "", audience: "staff", scope, responses: {} });
const who = (c: Context<ApiEnv>) => c.json({ staff: c.var.staff ?? null });

const app = new Hono<ApiEnv>()
  .use(async (c, next) => {
    c.set("io", { config: { STAFF_KEYS } } as unknown as Io);
    await next();
  })
  .use("/ops/*", requireStaff)
  .get("/ops/v1/inventory/A", needs("inventory:read"), who)
  .post("/ops/v1/inventory/A/movements", needs("inventory:write"), who)
  .get("/ops/v1/orders/ord_1", needs("orders:read"), who)
  .post("/ops/v1/orders/ord_1/cancel", needs("orders:write"), who)
  .post("/ops/v1/staff-keys", needs("staff:write"), who)
  // Mounted in the wrong place by mistake: nobody was asked for a key.
  .get("/api/v2/misplaced", needs("orders:read"), who)
  .onError(onError);

const ask = (authorization?: string, path = "/ops/v1/inventory/A", method = "GET") =>
  app.request(path, {
    method,
    headers: authorization === undefined ? {} : { Authorization: authorization },
  });

describe("requireStaff", () => {
  it.for([
    ["no header", undefined],
    ["nothing in it", ""],
    ["another scheme", "Basic key-root"],
    ["no key", "Bearer"],
    ["an empty key", "Bearer "],
    ["a wrong key", "Bearer key-toor"],
    ["a key's beginning", "Bearer key-roo"],
    ["a key in another case", "Bearer KEY-ROOT"],
    ["a key behind two spaces", "Bearer  key-root"],
    ["a digest, for those who have read the configuration", `Bearer ${STAFF_KEYS[0]?.sha256}`],
    ["a key of 10,000 characters", `Bearer ${"k".repeat(10_000)}`],
  ])("answers 401 to %s", async ([, authorization], { expect }) => {
    const response = await ask(authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
    expect(await response.json()).toMatchObject({ type: "/problems/unauthorized" });
  });

  it("lets a key in and knows whose it is, whatever the case of the scheme", async ({ expect }) => {
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      const response = await ask(`${scheme} key-root`);
      expect([response.status, await response.json()]).toEqual([200, { staff: "root" }]);
    }
  });

  it.for([
    ["clerk", "GET", "/ops/v1/inventory/A", 200],
    ["clerk", "POST", "/ops/v1/inventory/A/movements", 403],
    ["clerk", "GET", "/ops/v1/orders/ord_1", 200],
    ["clerk", "POST", "/ops/v1/orders/ord_1/cancel", 200],
    ["clerk", "POST", "/ops/v1/staff-keys", 403],
    ["clerk", "GET", "/ops/v1/no/such/route", 404],
    ["leaver", "GET", "/ops/v1/inventory/A", 403],
    ["leaver", "HEAD", "/ops/v1/inventory/A", 403],
    ["clerk", "HEAD", "/ops/v1/inventory/A", 200],
    ["root", "POST", "/ops/v1/staff-keys", 200],
    ["root", "GET", "/api/v2/misplaced", 401],
  ] as const)("gives %s %s %s a %i", async ([who, method, path, status], { expect }) => {
    const response = await ask(`Bearer key-${who}`, path, method);
    expect(response.status).toBe(status);
    if (status === 403 && method !== "HEAD") {
      expect(await response.json()).toMatchObject({ type: "/problems/forbidden" });
    }
  });
});
