import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/shared/digest.ts";
import { type ApiDocument, answerChecks, type Exchange } from "./answer-checks.ts";
import {
  documentedRoutes,
  LEAK,
  pathOf,
  type Route,
  type Schema,
  send,
  settings,
} from "./documented-routes.ts";
import { rightRequest } from "./right-request.ts";

const routes = await documentedRoutes();
const called = (chosen: Route[]) => chosen.map((route) => [route.name, route] as const);
const jsonWrites = routes.filter(({ body }) => body !== undefined);

async function ask(path: string, init: RequestInit) {
  const response = await send(path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}
type Refusal = { errors?: { pointer: string }[] };

/** What every route answered to a right request. */
const plain: Exchange[] = [];

describe("19 · cookies", () => {
  it.for(called(routes))("none is set by %s, and none is obeyed", async ([, route]) => {
    const { path, ...init } = rightRequest(route);
    const Cookie = `__Host-session=${"s".repeat(43)}; Cart-Token=${"t".repeat(43)}; staff=owner`;
    const answers = [
      await ask(path, init),
      await ask(path, { ...init, headers: { ...init.headers, Cookie } }),
      await ask(path, { method: init.method, headers: { Cookie } }),
    ];
    for (const { headers } of answers) expect(headers.has("Set-Cookie")).toBe(false);
    const [{ status, headers, text }] = answers as [(typeof answers)[0]];
    plain.push({ method: init.method, path: path.split("?")[0]!, status, headers, text });
    // A cookie instead of a credential opens nothing, so no other site can act by sending one.
    if (route.audience === "staff") expect(answers[2]!.status).toBe(401);
  });
});

describe("34 · excessive data", () => {
  it("no answer to a right request has a key that the document does not name", async () => {
    const faultsOf = answerChecks(await (await send("/openapi.json")).json<ApiDocument>());
    const faults = plain.map((each) => [each.method, each.path, ...faultsOf(each)]);
    expect(faults.filter((each) => each.length > 2)).toEqual([]);
    // Those of whom the samples name nothing are under test where there is something to name.
    expect(plain.filter(({ status }) => status < 300).length).toBeGreaterThan(30);
  });
});

describe("59 · the spelling of a path", () => {
  const SPELLINGS = [
    "//ops/v1/audit",
    "/ops//v1/audit",
    "/ops/v1/audit/",
    "/ops/v1/audit.",
    "/ops/v1/audit;x=1",
    "/ops/v1/audit%2f",
    "/ops%2fv1%2faudit",
    "/%6fps/v1/audit",
    "/OPS/v1/audit",
    "/ops/v1/./audit",
    "/api/../ops/v1/audit",
    "/api/v2/%2e%2e/%2e%2e/ops/v1/audit",
    "/api/v2/..%2f..%2fops/v1/audit",
    "/api/v2/products/..;/../../ops/v1/audit",
    "/ops/v1/audit%00",
    "/ops/v1/audit%20",
    "/.//ops/v1/audit",
    "/ops/v1/audit?/../../api/v2/products",
    "/ops/v1/audit/../audit",
  ];

  it.for(SPELLINGS)("%s opens nothing to those without a key", async (path) => {
    const { status, text } = await ask(path, { method: "GET" });
    expect([401, 404]).toContain(status);
    expect(text).not.toContain("items");
  });

  it.for(SPELLINGS)("%s asks a key for its scope", async (path) => {
    // Known, and good for nothing: only where no such route is, it hears 404.
    const none = await sha256Hex("good-for-nothing");
    const bindings = {
      ...settings,
      STAFF_KEYS: JSON.stringify([{ id: "n", sha256: none, scopes: [] }]),
    };
    const headers = { Authorization: "Bearer good-for-nothing" };
    const response = await send(path, { headers }, bindings);
    expect([403, 404, 401]).toContain(response.status);
    await response.body?.cancel();
  });
});

const SERVER_OWNED = [
  "role",
  "price",
  "total",
  "status",
  "user_id",
  "userId",
  "paid",
  "discount",
  "__proto__",
];

/** The names that a body's schema has anywhere: there they are the client's to say. */
function namesIn(schema: Schema): string[] {
  const inner = [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(
    (each) => each !== undefined,
  );
  const own = Object.entries(schema.properties ?? {});
  return [
    ...own.map(([name]) => name),
    ...[...own.map(([, each]) => each), ...inner].flatMap(namesIn),
  ];
}

/** A body's text with one more field; not by an object, where `__proto__` would be no field. */
const withField = (json: unknown, field: string, value: string): string => {
  const text = JSON.stringify(json);
  return text === "{}" ? `{"${field}":${value}}` : `{"${field}":${value},${text.slice(1)}`;
};

const fresh = (headers: Record<string, string>) => ({
  ...headers,
  "Idempotency-Key": crypto.randomUUID(),
});

describe("33 · mass assignment", () => {
  it.for(called(jsonWrites))("%s refuses what only the server sets", async ([, route]) => {
    const { path, json, ...init } = rightRequest(route);
    const names = namesIn(route.body!);
    // Each route is asked for some; over all routes each field comes many times.
    const turn = jsonWrites.indexOf(route) % SERVER_OWNED.length;
    const fields = [...SERVER_OWNED, ...SERVER_OWNED]
      .slice(turn, turn + SERVER_OWNED.length)
      .filter((field) => !names.includes(field))
      .slice(0, 4);
    expect(fields.length).toBe(4);
    for (const field of fields) {
      const body = withField(json, field, '{"polluted":1}');
      const { status, text } = await ask(path, { ...init, headers: fresh(init.headers), body });
      // The tests before this one have signed it out.
      if (status === 401 && route.path.endsWith("/logout")) continue;
      expect([field, status]).toEqual([field, 422]);
      const { errors = [] } = JSON.parse(text) as Refusal;
      expect(errors.map(({ pointer }) => pointer)).toEqual([`/${field}`]);
    }
    const [outer] = Object.entries(json as object).find(([, value]) => isObject(value)) ?? [];
    if (outer === undefined || !route.body!.properties?.[outer]?.properties) return;
    const field = fields.find((each) => each !== "__proto__")!;
    const body = JSON.stringify({
      ...(json as object),
      [outer]: { ...(json as Record<string, object>)[outer], [field]: 1 },
    });
    const { status } = await ask(path, { ...init, headers: fresh(init.headers), body });
    expect(status).toBe(422);
  });

  it("leaves no trace in the language's own objects", () => {
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

const isObject = (value: unknown) =>
  value !== null && typeof value === "object" && !Array.isArray(value);

describe("35 · what is inside", () => {
  it.for([
    "/queue",
    "/queues",
    "/queues/orders",
    "/__scheduled",
    "/__scheduled?cron=*",
    "/cdn-cgi/mf/scheduled",
    "/cdn-cgi/handler/scheduled",
    "/scheduled",
    "/cart",
    "/internal",
    "/api/internal",
    "/api/v2/internal/health",
    "/debug",
    "/api/v2/debug",
    "/metrics",
    "/api/v2/metrics",
    "/env",
    "/api/v2/config",
    "/.env",
    "/.git/config",
    "/wrangler.toml",
    "/.dev.vars",
    "/src/api.ts",
    "/ledger",
    "/api/v2/ledger",
    "/edge-feed",
    "/api/v2/edge/since",
    "/objects/CART",
    "/api/v2/objects/cart/alarm",
    "/rpc",
    "/api/v2/carts/merge",
    "/idempotency",
    "/api/v2/saga",
    "/api/v2/checkouts/chk_1/alarm",
    "/api/v2/stock/hold",
    "/api/v2/outbox",
    "/webhooks",
    "/webhooks/payments",
  ])("%s is not there for anybody", async (path) => {
    for (const method of ["GET", "POST"]) {
      const { status, text } = await ask(path, { method });
      expect([404, 405]).toContain(status);
      expect(text).not.toMatch(LEAK);
    }
  });
});

const INJECTIONS = [
  "' OR SLEEP(5) -- ",
  "1) UNION SELECT sha256 FROM staff_keys; DROP TABLE products; --",
  '$[*] ", (SELECT 1) {"$ne":null}',
];

describe("52 · SQL injection", () => {
  it.for(called(routes))("%s takes no statement in its address", async ([, route]) => {
    const { path, ...init } = rightRequest(route);
    const named = (place: string) => route.parameters.filter((each) => each.in === place);
    for (const injected of INJECTIONS) {
      const inPath = named("path").map(({ name }) => [name, encodeURIComponent(injected)]);
      const wrong = pathOf(route, Object.fromEntries(inPath) as Record<string, string>);
      const query = new URLSearchParams(named("query").map(({ name }) => [name, injected]));
      for (const address of new Set([wrong, `${path.split("?")[0]}?${query}`])) {
        const { status, text } = await ask(address, { ...init, headers: fresh(init.headers) });
        expect(status, text).toBeLessThan(500);
        // What was asked about may be named in the answer; what the shop made of it may not.
        expect(text.replaceAll(JSON.stringify(injected).slice(1, -1), "")).not.toMatch(LEAK);
      }
    }
  });

  it.for(called(jsonWrites))("%s stores it as the text it is, or refuses it", async ([, route]) => {
    const { path, json, ...init } = rightRequest(route);
    for (const injected of INJECTIONS) {
      const body = JSON.stringify(json, (_key, value: unknown) =>
        typeof value === "string" ? injected : value,
      );
      const { status, text } = await ask(path, { ...init, headers: fresh(init.headers), body });
      expect(status, text).toBeLessThan(500);
      expect(text.replaceAll(JSON.stringify(injected).slice(1, -1), "")).not.toMatch(LEAK);
    }
  });
});

describe("71 · an error that is provoked", () => {
  const CASES: readonly (readonly [string, string, RequestInit])[] = [
    ["no such path", "/api/v2/nothing", {}],
    ["no such version", "/api/v9/products", {}],
    ["no such page", "/nothing?x=<script>", {}],
    ["another method", "/api/v2/products", { method: "PATCH" }],
    ["no credentials", "/ops/v1/audit", {}],
    ["a wrong key", "/ops/v1/audit", { headers: { Authorization: "Bearer fsk_guess" } }],
    [
      "no JSON",
      "/api/v2/cart/lines",
      { method: "POST", body: "{", headers: { "Content-Type": "application/json" } },
    ],
    [
      "another type",
      "/api/v2/cart/lines",
      { method: "POST", body: "a", headers: { "Content-Type": "text/plain" } },
    ],
    [
      "too much",
      "/api/v2/cart/lines",
      {
        method: "POST",
        body: JSON.stringify("x".repeat(100_000)),
        headers: { "Content-Type": "application/json" },
      },
    ],
    [
      "a wrong field",
      "/api/v2/cart/lines",
      { method: "POST", body: '{"sku":7}', headers: { "Content-Type": "application/json" } },
    ],
    ["a wrong query", "/api/v2/products?limit=x", {}],
    ["an unsigned webhook", "/webhooks/payments/stripe", { method: "POST", body: "{}" }],
    ["a broken escape", "/api/v2/products/%E0%A4%A", {}],
  ];

  it.for(CASES)("%s tells what was wrong and nothing of the shop", async ([, path, init]) => {
    const { status, headers, text } = await ask(path, init);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(headers.get("Content-Type")).toBe("application/problem+json");
    expect(text).not.toMatch(LEAK);
    expect(text).not.toMatch(/stack|Error:|\/src\/|\/work|localhost|:\d{4,5}\b/);
    const known = [
      "type",
      "title",
      "status",
      "requestId",
      "detail",
      "errors",
      "allowed",
      "versions",
    ];
    expect(Object.keys(JSON.parse(text) as object).filter((key) => !known.includes(key))).toEqual(
      [],
    );
  });
});
