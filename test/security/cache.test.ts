import { beforeAll, describe, it } from "vitest";
import { DependencyDown } from "../../src/platform/dependency.ts";
import { openPageApp } from "../platform/pages/page-app.ts";
import { call } from "../support/worker-shop.ts";

// RELIABILITY §4, "HTTP, cache, limits": one test per number.

beforeAll(async () => {
  await openPageApp().send("/things/warm-up");
});

const CANARY = "canary-7f3a";

describe("60: a header that is not keyed", () => {
  it.for([
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Scheme",
    "X-Forwarded-For",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Host",
    "Forwarded",
    "Origin",
    "Referer",
    "Accept-Language",
    "Accept",
    "User-Agent",
    "X-HTTP-Method-Override",
    "Cookie",
    "Authorization",
  ])("%s changes neither the page nor its key", async (name, { expect }) => {
    const { send, seen } = openPageApp();
    const value = name === "X-Original-URL" ? "/private" : `https://${CANARY}.test`;
    const first = await send("/things/a", { headers: { [name]: value } });
    const second = await send("/things/a");
    expect(first.text).not.toContain(CANARY);
    expect([...second.response.headers.values()].join()).not.toContain(CANARY);
    expect([second.text, second.cache, seen.renders]).toEqual([first.text, "hit-memory", 1]);
  });
});

describe("61: a cloaked parameter", () => {
  it("that is unknown makes no page of its own", async ({ expect }) => {
    const { send, seen } = openPageApp();
    const base = await send("/things/a?color=red");
    const same = [
      "/things/a?color=red&utm_source=x",
      "/things/a?utm_content=1&color=red&fbclid=2",
      "/things/a?COLOR=blue&color=red",
      "/things/a?color=%72ed",
      "/things/a?color=red&callback=alert",
      "/things/a?color=red#blue",
      "/things/%61?color=red",
      "/things/a?color=red&__proto__=x&constructor=y",
    ];
    for (const path of same) expect([path, (await send(path)).text]).toEqual([path, base.text]);
    expect(seen.renders).toBe(1);
  });

  it("never shows one URL's page under another's", async ({ expect }) => {
    const { send } = openPageApp();
    const colorOf = async (path: string) => {
      // Twice: through the pipeline, and then, for a page, from the memo.
      const [{ response, text }, again] = [await send(path), await send(path)];
      expect([path, again.response.status]).toEqual([path, response.status]);
      if (response.status !== 200) return response.status;
      expect([path, again.isHot, again.text]).toEqual([path, true, text]);
      return (JSON.parse(text) as { color: string }).color;
    };
    expect(await colorOf("/things/a?color=red")).toBe("red");
    expect(await colorOf("/things/a?color=blue")).toBe("blue");
    expect(await colorOf("/things/a")).toBe("any");
    // Separators that only some servers know: here they are part of a value, which is then refused.
    expect(await colorOf("/things/a?utm=1;color=blue")).toBe("any");
    expect(await colorOf("/things/a?color=red;color=blue")).toBe(422);
    expect(await colorOf("/things/a?color=red&color=blue")).toBe(422);
    expect(await colorOf("/things/a?color[]=blue")).toBe("any");
    expect(await colorOf("/things/a?color=RED")).toBe(422);
  });

  it("numbers that are spelled differently are one page", async ({ expect }) => {
    const { send, seen } = openPageApp();
    await send("/things/a?size=7");
    await send("/things/a?size=007");
    expect(seen.renders).toBe(1);
  });

  it("a body or an overriding method with GET changes nothing", async ({ expect }) => {
    const { send, seen } = openPageApp();
    const { text } = await send("/things/a");
    const headers = { "X-HTTP-Method-Override": "POST", "Content-Type": "application/json" };
    expect((await send("/things/a", { headers })).text).toBe(text);
    expect(
      (await send("/things/a", { method: "POST", body: '{"color":"red"}' })).response.status,
    ).toBe(404);
    expect([(await send("/things/a")).text, seen.renders]).toEqual([text, 1]);
  });
});

describe("62: a private answer under a name that looks public", () => {
  it.for([
    "/api/v2/cart/x.css",
    "/api/v2/cart;.js",
    "/api/v2/cart%2f..%2fproducts",
    "/api/v2/order/ord_1/x.css",
    "/api/v2/order/ord_1;.js",
    "/api/v2/order/ord_1.json",
    "/api/v2/cart?x=/products",
    "/api/v2/cart/../cart",
    "/api/v2/products/..%2fcart",
  ])("%s is not stored", async (path, { expect }) => {
    const headers = { "Cart-Token": CANARY, Authorization: `Bearer ${CANARY}`, Cookie: CANARY };
    const first = await call("GET", path, { headers });
    expect([path, first.headers.get("Cache-Control")]).toEqual([path, "no-store"]);
    const second = await call("GET", path);
    expect(second.headers.get("X-Cache")).toBeNull();
    expect(JSON.stringify(second.body)).not.toContain(CANARY);
  });
});

describe("63: what belongs to one caller", () => {
  it("is never stored, and a page takes nothing of its caller along", async ({ expect }) => {
    const { send } = openPageApp();
    const headers = { Authorization: `Bearer ${CANARY}`, Cookie: `session=${CANARY}` };
    const own = await send("/private", { headers });
    expect(own.response.headers.get("Cache-Control")).toBe("no-store");
    expect((await send("/private")).text).not.toContain(CANARY);
    const page = await send("/things/a", { headers });
    expect(page.response.headers.has("Set-Cookie")).toBe(false);
    const shared = await send("/things/a");
    expect([shared.text, shared.isHot]).toEqual([page.text, true]);
    // Nothing lies under the URL that a shopper can ask for.
    expect(await caches.default.match("https://shop.test/things/a")).toBeUndefined();
    expect(await caches.default.match("https://shop.test/private")).toBeUndefined();
  });

  it.for([
    "/api/v2/cart",
    "/api/v2/order",
    "/api/v2/checkouts/chk_1",
    "/ops/v1/pages",
    "/ops/v1/audit",
  ])("%s says no-store", async (path, { expect }) => {
    const { headers } = await call("GET", path);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.has("X-Cache")).toBe(false);
  });
});

describe("64: a market", () => {
  it("has pages of its own, whatever its spelling", async ({ expect }) => {
    const { send, seen } = openPageApp();
    const paths = ["currency=USD", "currency=EUR", "currency=EUR&locale=de", "locale=de"];
    for (const query of paths) await send(`/things/a?${query}`);
    expect(seen.renders).toBe(4);
    for (const query of ["currency=usd", "", "locale=EN", "locale=DE&currency=EUR"]) {
      expect((await send(`/things/a?${query}`)).cache).toBe("hit-memory");
    }
    expect(seen.renders).toBe(4);
  });
});

describe("65: an error", () => {
  it("is never stored, and the next caller gets the page", async ({ expect }) => {
    const { send, things } = openPageApp();
    const failures = [new DependencyDown("replica"), new TypeError("a bug")];
    for (const failure of failures) {
      things.set("a", async () => {
        throw failure;
      });
      const { response, cache } = await send("/things/a");
      expect(response.status).toBeGreaterThanOrEqual(500);
      expect([response.headers.get("Cache-Control"), cache]).toEqual(["no-store", null]);
    }
    things.delete("a");
    expect((await send("/things/a")).cache).toBe("miss");
  });

  it("that the caller provokes leaves the page alone", async ({ expect }) => {
    const { send } = openPageApp();
    const huge = { "X-Request-Id": "x".repeat(8_000), "X-Oversize": "y".repeat(8_000) };
    expect((await send("/things/a", { headers: huge })).response.status).toBe(200);
    for (const path of ["/things/a?color=purple", "/things/UPPER", "/things/missing-1"]) {
      const refused = await send(path);
      expect([422, 404]).toContain(refused.response.status);
      expect([refused.response.headers.get("Cache-Control"), refused.cache]).toEqual([
        "no-store",
        null,
      ]);
      expect((await send(path)).isHot).toBe(false);
    }
    expect((await send("/things/a")).cache).toBe("hit-memory");
  });
});

describe("66: the purge route", () => {
  const body = { tags: ["product:a"] };

  it("is closed to those without a key", async ({ expect }) => {
    for (const Authorization of ["", "Bearer wrong", "Basic YTpi", `Bearer ${"x".repeat(500)}`]) {
      const { status } = await call("POST", "/ops/v1/purge", { body, headers: { Authorization } });
      expect(status).toBe(401);
    }
  });

  it.for([
    "product:a,product:b",
    "product:*",
    "*",
    "product:a b",
    "product:a\nX-Injected: 1",
    "product:",
    `product:${"x".repeat(200)}`,
    "",
    "product:é",
  ])("refuses the tag %j", async (tag, { expect }) => {
    const { purge } = openPageApp();
    const answer = await purge({ tags: ["product:good", tag] });
    expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, "/tags/1"]);
  });

  it("refuses too much, and nothing at all", async ({ expect }) => {
    const { purge } = openPageApp();
    const tags = Array.from({ length: 1_001 }, (_, index) => `product:p${index}`);
    for (const asked of [{ tags }, {}, { tags: [] }, { tags: "product:a" }, { all: "yes" }]) {
      expect((await purge(asked)).status).toBe(422);
    }
  });

  it("slows a flood down, and says for how long", async ({ expect }) => {
    const { purge } = openPageApp();
    const statuses: number[] = [];
    for (let sent = 0; sent < 35; sent += 1) {
      const { status, response } = await purge(body);
      statuses.push(status);
      if (status !== 429) continue;
      expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
      expect(response.headers.get("RateLimit-Policy")).toContain("w=60");
      break;
    }
    expect(statuses.at(-1)).toBe(429);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(30);
  });
});
