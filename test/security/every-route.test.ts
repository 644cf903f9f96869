import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { api } from "../../src/api.ts";
import { SCOPES } from "../../src/platform/http/scope.ts";
import { badBodies, badQueryValues, HOSTILE_SEGMENTS } from "./bad-values.ts";
import {
  credentials,
  documentedRoutes,
  LEAK,
  pathOf,
  queryOf,
  type Route,
  STAFF_KEY,
  send,
} from "./documented-routes.ts";

const routes = await documentedRoutes();
const called = (chosen: Route[]) => chosen.map((route) => [route.name, route] as const);
const writes = routes.filter(({ method }) => method !== "GET");
const jsonWrites = routes.filter(({ body }) => body !== undefined);

const JSON_TYPE = { "Content-Type": "application/json" };

type Problem = {
  type: string;
  status: number;
  requestId: string;
  errors?: { pointer: string; code: string; message: string }[];
};

/** The same route for somebody who is not signed in: what an account may do, its own tests say. */
const signedOut = (route: Route): Route => ({ ...route, accessToken: undefined });

/** Sends a request and holds its answer to what every answer owes. */
async function ask(route: Route, init: RequestInit = {}, path = pathOf(route)) {
  const headers = { ...credentials(route), ...init.headers };
  const response = await send(path, { method: route.method, ...init, headers });
  const text = await response.text();
  const told = `${route.method} ${path.slice(0, 200)} ${String(init.body).slice(0, 200)}: ${response.status} ${text.slice(0, 300)}`;
  expect(response.status, told).toBeLessThan(500);
  expectDecent(route, response, told);
  const trips = Number(response.headers.get("X-Round-Trips"));
  if (response.status < 400) return { status: response.status, trips, problem: undefined };

  expect(response.headers.get("Content-Type"), told).toBe("application/problem+json");
  expect(response.headers.get("Cache-Control"), told).toBe("no-store");
  expect(text, told).not.toMatch(LEAK);
  const problem = JSON.parse(text) as Problem;
  expect(problem, told).toMatchObject({
    type: expect.stringMatching(/^\/problems\/[a-z-]+$/),
    status: response.status,
    requestId: response.headers.get("X-Request-Id"),
  });
  return { status: response.status, trips, problem };
}

function expectDecent({ audience, method, tags }: Route, { headers }: Response, told: string) {
  expect(headers.get("X-Request-Id"), told).toMatch(/^[\w-]{8,64}$/);
  expect(headers.get("X-Content-Type-Options"), told).toBe("nosniff");
  const trips = headers.get("X-Round-Trips") ?? "";
  expect(trips, told).toMatch(/^\d{1,2}$/);
  const timing = headers.get("Server-Timing");
  if (trips === "0") expect(timing, told).toBe("");
  else expect(timing, told).toMatch(/^(?:[a-z0-9]+;dur=\d+;desc="\d+"(?:, |$))+$/);
  const mayBeKept = method === "GET" && audience === "public" && !tags.includes("Health");
  if (!mayBeKept) expect(headers.get("Cache-Control"), told).toBe("no-store");
}

const pointersOf = (problem: Problem | undefined) =>
  (problem?.errors ?? []).map(({ pointer }) => pointer);

describe("the document", () => {
  it("has every route that the API has", () => {
    const documented = new Set(routes.map(({ name }) => name));
    // These answer documents for people and tools, not the shop's data.
    const pages = [
      "GET /problems/{slug}",
      "GET /openapi.json",
      "GET /docs",
      // What mails link to: static pages, whose scripts ask the API.
      "GET /order/{orderId}",
      "GET /account/verify",
      "GET /account/confirm-email",
      "GET /account/reset",
      "GET /account/forgot",
      "GET /account/sign-in",
      // Where issuers send people back to.
      "GET /sign-in/{provider}",
    ];
    const served = api.routes
      .filter(({ method }) => method !== "ALL")
      // The gate minds a method on a pattern of paths: that is no route.
      .filter(({ path }) => !path.includes("*") && !path.includes("/:version/"))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(served.length).toBeGreaterThan(30);
    expect([...new Set(served)].filter((name) => !documented.has(name)).sort()).toEqual(
      pages.sort(),
    );
  });

  it.for(called(routes))("says who may call %s", ([, { audience, path, scope, method }]) => {
    expect(["public", "shopper", "staff", "processor"]).toContain(audience);
    expect(path.startsWith("/ops/")).toBe(audience === "staff");
    if (audience !== "staff") return;
    expect(SCOPES).toContain(scope);
    expect(scope?.split(":")[1]).toBe(method === "GET" ? "read" : "write");
  });
});

describe("without the right credentials", () => {
  const staff = routes.filter(({ audience }) => audience === "staff");

  it.for(called(staff))("staff alone may %s", async ([, route]) => {
    const wrong = ["", "Bearer ", `Bearer ${STAFF_KEY}x`, `Basic ${STAFF_KEY}`, STAFF_KEY];
    for (const Authorization of wrong) {
      const body = route.body && { body: "{}" };
      const headers = { ...JSON_TYPE, Authorization };
      const { status, trips, problem } = await ask(route, { headers, ...body });
      expect([status, trips, problem?.type]).toEqual([401, 0, "/problems/unauthorized"]);
    }
    // What the caller sent is not even looked at.
    const headers = { ...JSON_TYPE, Authorization: "Bearer guess" };
    if (route.body) expect((await ask(route, { headers, body: "{" })).status).toBe(401);
  });

  const shoppers = routes.filter(
    ({ audience, parameters }) =>
      audience === "shopper" && parameters.some((parameter) => parameter.in === "path"),
  );

  it.for(called(shoppers))("a shopper's own is not to be had by %s", async ([, route]) => {
    for (const token of ["", "x", "t".repeat(43)]) {
      const headers = { "Cart-Token": token, "Order-Token": token, ...JSON_TYPE };
      const body = route.body && { body: JSON.stringify({ quantity: 1, reason: "mine" }) };
      const { status, trips } = await ask(signedOut(route), { headers, ...body });
      expect([401, 404, 422]).toContain(status);
      // What cannot be a token costs nobody a question, and claims no key.
      if (token.length < 43) expect(trips).toBe(0);
    }
  });
});

describe("a body", () => {
  it.for(called(jsonWrites))("that is no JSON is refused by %s", async ([, route]) => {
    for (const body of ["{", "", "undefined", '{"a":}', "\u0000", "{}{}"]) {
      const { status, problem } = await ask(route, { headers: JSON_TYPE, body });
      expect([status, problem?.type]).toEqual([400, "/problems/request-malformed"]);
    }
  });

  it.for(called(jsonWrites))("of another type is refused by %s", async ([, route]) => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "text/xml"]) {
      const { status } = await ask(route, { headers: { "Content-Type": type }, body: "a=b" });
      expect(route.path.startsWith("/api/") ? [415] : [415, 422]).toContain(status);
    }
  });

  it.for(called(jsonWrites))("that is no object is refused by %s", async ([, route]) => {
    for (const body of ["[]", "null", '"text"', "7", "true", "[{}]"]) {
      const { status, problem } = await ask(route, { headers: JSON_TYPE, body });
      expect([status, pointersOf(problem)]).toEqual([422, [""]]);
    }
  });

  it.for(called(jsonWrites))("53 · that is a weapon is refused by %s", async ([, route]) => {
    const nested = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;
    const deep = await ask(route, { headers: JSON_TYPE, body: nested });
    expect([deep.status, deep.problem?.type]).toEqual([400, "/problems/request-malformed"]);
    for (const field of ["__proto__", "constructor", "role", "userId"]) {
      const body = `{"${field}":{"polluted":true}}`;
      const { status, problem } = await ask(route, { headers: JSON_TYPE, body });
      const pointers = pointersOf(problem);
      expect(status).toBe(422);
      // A route's own field of that name is refused for its value, beside what is missing.
      if (route.body?.properties?.[field]) expect(pointers).toContain(`/${field}`);
      else expect(pointers).toEqual([`/${field}`]);
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.for(called(jsonWrites))(
    "with a wrong field is refused by %s, with its pointer",
    async ([, route]) => {
      const bad = badBodies(route.body!);
      expect(bad.length).toBeGreaterThan(5);
      for (const { pointer, body } of bad) {
        const text = JSON.stringify(body);
        const { status, problem } = await ask(route, { headers: JSON_TYPE, body: text });
        expect(status, text.slice(0, 200)).toBe(422);
        const found = pointersOf(problem).some(
          (each) => each === pointer || each.startsWith(`${pointer}/`),
        );
        const told = `${pointer} ${text.slice(0, 200)} → ${JSON.stringify(problem?.errors)}`;
        expect(found, told).toBe(true);
      }
    },
  );

  it.for(called(jsonWrites))("of any shape breaks nothing in %s", async ([, route]) => {
    const fields = Object.keys(route.body?.properties ?? {});
    const value = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" });
    const anyBody = fc.dictionary(
      fc.oneof(fc.constantFrom(...fields), fc.string({ maxLength: 10 })),
      value,
      { maxKeys: 6 },
    );
    await fc.assert(
      fc.asyncProperty(anyBody, async (body) => {
        await ask(route, { headers: JSON_TYPE, body: JSON.stringify(body) });
      }),
      { seed: 20_261_120, numRuns: 25 },
    );
  });

  it.for(called(writes.filter(({ body }) => body === undefined)))(
    "that nobody asked for breaks nothing in %s",
    async ([, route]) => {
      for (const body of ["{", "[]", "null", '{"a":1}', "\u0000".repeat(100)]) {
        await ask(route, { headers: JSON_TYPE, body });
        await ask(route, { headers: { "Content-Type": "text/csv" }, body });
      }
    },
  );
});

describe("an address", () => {
  const withPath = routes.filter(({ parameters }) => parameters.some((each) => each.in === "path"));
  const withQuery = routes.filter(({ parameters }) =>
    parameters.some((each) => each.in === "query"),
  );

  it.for(called(withPath))("that names nothing is refused by %s", async ([, route]) => {
    const body = route.body && { body: JSON.stringify({}) };
    for (const { name } of route.parameters.filter((each) => each.in === "path")) {
      for (const segment of HOSTILE_SEGMENTS) {
        const path = pathOf(route, { [name]: segment });
        const { status } = await ask(route, { headers: JSON_TYPE, ...body }, path);
        expect(status, path.slice(0, 200)).toBeGreaterThanOrEqual(400);
      }
    }
  });

  it.for(called(withQuery))("with a wrong query is refused by %s", async ([, route]) => {
    for (const parameter of route.parameters.filter((each) => each.in === "query")) {
      for (const value of badQueryValues(parameter)) {
        const path = `${pathOf(route)}?${new URLSearchParams({ [parameter.name]: value })}`;
        const { status, problem } = await ask(route, {}, path);
        expect(status, path.slice(0, 200)).toBe(422);
        expect(pointersOf(problem)[0]).toBe(`/query/${parameter.name}`);
      }
    }
  });

  it.for(called(routes))("with any query breaks nothing in %s", async ([, route]) => {
    const names = route.parameters.filter((each) => each.in === "query").map(({ name }) => name);
    const body = route.body && { body: "{}" };
    for (const name of [...names, "__proto__", "limit", "a[b]", "%00"]) {
      for (const value of [...HOSTILE_SEGMENTS, `1&${name}=2`]) {
        await ask(route, { headers: JSON_TYPE, ...body }, `${pathOf(route)}?${name}=${value}`);
      }
    }
  });
});

describe("a read", () => {
  const reads = routes.filter(({ method }) => method === "GET");

  it.for(called(reads))("of %s owes the same headers when it succeeds", async ([, route]) => {
    const { status } = await ask(route, {}, `${pathOf(route)}${queryOf(route)}`);
    expect([200, 401, 404]).toContain(status);
  });

  it.for(called(reads))("of %s may be a HEAD", async ([, route]) => {
    const head = await send(pathOf(route), { method: "HEAD", headers: credentials(route) });
    expect(head.status).not.toBe(405);
    expect(head.status).toBeLessThan(500);
    expect(await head.text()).toBe("");
  });
});
