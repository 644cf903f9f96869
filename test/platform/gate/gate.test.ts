import { describe, it, vi } from "vitest";
import { agentFact } from "../../../src/platform/edge/blocks.ts";
import { openGate, watchedBody } from "./gate-world.ts";

const ADDRESS = "203.0.113.9";
const from = (address = ADDRESS) => ({ "CF-Connecting-IP": address });
const block = (value: string) => ({ kind: "block", value }) as const;
const LINES = "/api/v2/cart/lines";
const LIST = "/api/v2/products?limit=3";
const SHOP = "https://shop.example";

/** A clock that a test moves on; views grow old by it. */
function passing() {
  vi.useFakeTimers({ toFake: ["Date"] });
  return {
    pass: (ms: number) => vi.setSystemTime(Date.now() + ms),
    [Symbol.dispose]: () => void vi.useRealTimers(),
  };
}

describe("a blocked address", () => {
  it("is refused in every isolate within a second, with a problem that has a request id", async ({
    expect,
  }) => {
    using clock = passing();
    const { isolate, tell } = openGate();
    const isolates = [isolate(), isolate(), isolate()];
    for (const send of isolates) {
      expect((await send(LIST, { headers: from() })).status).toBe(200);
    }
    await tell(block("203.0.113.0/24"));
    clock.pass(1_000);
    for (const send of isolates) {
      const { status, headers, text } = await send(LIST, { headers: from() });
      expect(status).toBe(403);
      expect(JSON.parse(text)).toMatchObject({
        type: "/problems/forbidden",
        requestId: headers.get("X-Request-Id"),
      });
      expect((await send(LIST, { headers: from("198.51.100.1") })).status).toBe(200);
    }
    await tell({ kind: "unblock", value: "203.0.113.0/24" });
    clock.pass(1_000);
    for (const send of isolates) {
      expect((await send(LIST, { headers: from() })).status).toBe(200);
    }
  });

  it("is refused a page that its isolate has in memory", async ({ expect }) => {
    const { isolate, tell } = openGate();
    const send = isolate();
    await send(LIST, { headers: from() });
    expect((await send(LIST, { headers: from() })).headers.get("X-Cache")).toBe("hit-memory");
    await tell(block(`${ADDRESS}/32`));
    using clock = passing();
    clock.pass(1_000);
    const { status, headers } = await send(LIST, { headers: from() });
    expect([status, headers.get("Cache-Control")]).toEqual([403, "no-store"]);
    // News came beside the answer that was dropped; nothing of that one is left.
    for (const name of ["ETag", "X-Cache", "CDN-Cache-Control"])
      expect(headers.has(name)).toBe(false);
    const again = await send(LIST, { headers: from() });
    expect([again.status, again.headers.get("X-Round-Trips")]).toEqual([403, "0"]);
  });

  it("is refused before its body is read, also by an isolate that hears of it only now", async ({
    expect,
  }) => {
    const { isolate, tell } = openGate();
    await tell(block(`${ADDRESS}/32`));
    const send = isolate();
    const { body, watched } = watchedBody();
    const { status } = await send(LINES, { method: "POST", body, headers: from() });
    expect([status, watched.reads]).toEqual([403, 0]);
  });

  it("is the one that Cloudflare saw, not one that somebody claims", async ({ expect }) => {
    const { isolate, tell } = openGate();
    await tell(block(`${ADDRESS}/32`));
    const send = isolate();
    const claimed = {
      "X-Forwarded-For": ADDRESS,
      "X-Real-IP": ADDRESS,
      Forwarded: `for=${ADDRESS}`,
    };
    const innocent = { ...from("198.51.100.1"), ...claimed };
    expect((await send(LIST, { headers: innocent })).status).toBe(200);
    const hiding = { ...from(), "X-Forwarded-For": "198.51.100.1, 10.0.0.1" };
    expect((await send(LIST, { headers: hiding })).status).toBe(403);
  });

  it("can be an agent, by pattern", async ({ expect }) => {
    const { isolate, tell } = openGate();
    await tell(block(agentFact("*scraper/*")));
    const send = isolate();
    const as = (agent: string) => ({ ...from(), "User-Agent": agent });
    expect((await send(LIST, { headers: as("Mozilla Scraper/1.0") })).status).toBe(403);
    expect((await send(LIST, { headers: as("Mozilla/5.0") })).status).toBe(200);
  });

  it("still reaches the operators' routes, which ask for a key", async ({ expect }) => {
    const { isolate, tell } = openGate();
    await tell(block(`${ADDRESS}/32`));
    expect((await isolate()("/ops/v1/pages", { headers: from() })).status).toBe(401);
  });
});

describe("without the feed", () => {
  const away = {
    getByName: () => ({
      since: async () => {
        throw new Error("nobody there");
      },
    }),
  };

  it("browsing and buying go on", async ({ expect }) => {
    const send = openGate({ EDGE_FEED: away }).isolate();
    expect((await send("/api/v2/availability?sku=NONE", { headers: from() })).status).toBe(200);
    const sent = { method: "POST", body: '{"sku":"NO-SUCH","quantity":1}', headers: from() };
    expect((await send(LINES, sent)).status).toBe(404);
  });
});

describe("the order of the gate", () => {
  const settings = { CORS_ORIGINS: SHOP };
  const none = { limit: async () => ({ success: false }) };
  const throttled = { ...settings, RATE_READ: none, RATE_WRITE: none, RATE_EXPENSIVE: none };

  it("answers a preflight without asking for credentials", async ({ expect }) => {
    const { status, headers } = await openGate(settings).isolate()("/ops/v1/purge", {
      method: "OPTIONS",
      headers: { Origin: SHOP, "Access-Control-Request-Method": "POST", ...from() },
    });
    expect([status, headers.get("Access-Control-Allow-Origin")]).toEqual([204, SHOP]);
  });

  it.for([
    ["401", settings, "GET", "/ops/v1/pages", undefined],
    ["404", settings, "GET", "/api/v9/products", undefined],
    ["405", settings, "DELETE", "/api/v2/products", undefined],
    ["413", settings, "POST", LINES, "x".repeat(70_000)],
    ["429", throttled, "GET", LIST, undefined],
  ] as const)(
    "lets a configured origin read a %s",
    async ([status, vars, method, path, body], { expect }) => {
      const sent = { method, headers: { Origin: SHOP, ...from() }, ...(body && { body }) };
      const answer = await openGate(vars).isolate()(path, sent);
      expect(answer.status).toBe(Number(status));
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(SHOP);
    },
  );

  it("refuses what is too fast before it reads a body or asks anybody", async ({ expect }) => {
    const { body, watched } = watchedBody();
    const send = openGate(throttled).isolate();
    await send("/api/v2/cart", { headers: from() }); // So that it knows of blocks.
    const { status, headers, text } = await send(LINES, { method: "POST", body, headers: from() });
    expect([status, watched.reads, headers.get("X-Round-Trips")]).toEqual([429, 0, "0"]);
    expect(JSON.parse(text).type).toBe("/problems/rate-limited");
    expect(headers.get("Retry-After")).toBe("10");
    expect(headers.get("RateLimit")).toBe('"write";r=0;t=10');
    expect(headers.get("RateLimit-Policy")).toBe('"write";q=300;w=10');
  });

  it("says which versions there are, whatever is asked of another", async ({ expect }) => {
    const send = openGate().isolate();
    for (const path of [
      "/api/v3/products",
      "/api/v0/cart",
      "/api/V2/products",
      "/api/",
      "/api/v2x/",
    ]) {
      const { status, text } = await send(path, { headers: from() });
      expect([path, status]).toEqual([path, 404]);
      expect(JSON.parse(text)).toMatchObject({ versions: ["v1", "v2"] });
    }
    expect((await send("/api/v1/products", { headers: from() })).status).toBe(200);
  });
});

describe("a public page", () => {
  it("asks nobody for anybody's sake: not for a visitor, nor for one with a bad token", async ({
    expect,
  }) => {
    const send = openGate().isolate();
    const { text } = await send(LIST, { headers: from() });
    const again = await send(LIST, { headers: from() });
    expect([again.text, again.headers.get("X-Round-Trips")]).toEqual([text, "0"]);
    // Past the memory of hot URLs, through the whole pipeline.
    const head = await send(LIST, { method: "HEAD", headers: from() });
    expect([head.status, head.headers.get("X-Round-Trips")]).toEqual([200, "0"]);
    // A token that does not hold is refused wherever it is sent, so that its holder learns of it; and
    // what is in the caches depends on none.
    for (const Authorization of [
      "Bearer not-a-token",
      "Basic YTpi",
      `Bearer ${"x".repeat(5_000)}`,
    ]) {
      const refused = await send(LIST, { headers: { ...from(), Authorization } });
      expect([refused.status, refused.headers.get("X-Round-Trips")]).toEqual([401, "0"]);
      expect(refused.headers.get("Cache-Control")).toBe("no-store");
    }
    expect((await send(LIST, { headers: from() })).text).toBe(text);
  });
});
