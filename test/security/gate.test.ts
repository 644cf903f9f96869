import { env } from "cloudflare:workers";
import { describe, inject, it, vi } from "vitest";
import { openIo } from "../../src/platform/io/io.ts";
import { openGate } from "../platform/gate/gate-world.ts";
import { coupon, ownCode, shopper } from "../promotions/purchase.ts";
import { call } from "../support/worker-shop.ts";

// RELIABILITY §4: what stands in front of everything. One test per number.

const ADDRESS = "203.0.113.9";
const from = (address: string) => ({ "CF-Connecting-IP": address });
const LINES = "/api/v2/cart/lines";
const LIST = "/api/v2/products?limit=4";
const NOBODY = "http://127.0.0.1:9";

type Code = { status: number; body: { type: string; reason?: string }; headers: Headers };

describe("40 · a coupon's code", () => {
  const wrong = (headers: Record<string, string>): Promise<Code> =>
    call("POST", "/api/v2/cart/coupons", { body: { code: ownCode() }, headers });

  it("40 · that is wrong is told alike, whichever it is, and can be tried ten times at once", async ({
    expect,
  }) => {
    const { headers: cart } = await shopper();
    const tried = await Promise.all(Array.from({ length: 30 }, () => wrong(cart)));
    const refused = tried.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(10);
    expect(new Set(refused.map(({ body }) => `${body.type} ${body.reason}`)).size).toBe(1);
    for (const { status, headers } of tried.filter((each) => !refused.includes(each))) {
      expect(status).toBe(429);
      expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
      expect(headers.get("RateLimit")).toMatch(/^"cart-codes";r=0;t=\d+$/);
      expect(headers.get("RateLimit-Policy")).toMatch(/^"cart-codes";q=10;w=\d+$/);
    }
  });

  it("40 · that is right is not kept from a shopper who mistyped it, nor from another one", async ({
    expect,
  }) => {
    const code = await coupon();
    const [{ headers: cart, enter }, other] = await Promise.all([shopper(), shopper()]);
    for (let n = 0; n < 9; n += 1) expect((await wrong(cart)).status).toBe(409);
    expect((await enter("coupons", code)).status).toBe(201);
    // It cleared the wrong ones.
    await vi.waitFor(async () => expect((await wrong(cart)).status).toBe(409));
    expect((await other.enter("coupons", code)).status).toBe(201);
  });

  it("40 · is counted for the address of whoever makes a new cart for each try", async ({
    expect,
  }) => {
    const address = `198.51.100.${crypto.getRandomValues(new Uint8Array(1))[0]}`;
    const tried = await Promise.all(
      Array.from({ length: 15 }, () =>
        call("POST", "/api/v2/cart/coupons", { body: { code: ownCode() }, headers: from(address) }),
      ),
    );
    expect(tried.filter(({ status }) => status === 409)).toHaveLength(10);
    expect(tried.filter(({ status }) => status === 429)).toHaveLength(5);
  });
});

describe("30 · a guest's token", () => {
  it("30 · is 404 when it is wrong, and 429 for who goes on guessing; no reader else notices", async ({
    expect,
  }) => {
    const send = openGate().isolate();
    const path = `/api/v2/order/ord_${"0".repeat(26)}`;
    const guess = (address: string) =>
      send(path, { headers: { ...from(address), "Order-Token": crypto.randomUUID() } });
    const statuses: number[] = [];
    for (let n = 0; n < 25; n += 1) statuses.push((await guess("2001:db8:1:2::1")).status);
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 404));
    expect(statuses.at(-1)).toBe(429);
    // Another address of the same customer is the same guesser; another customer is not.
    const sibling = await guess("2001:db8:1:2:ffff::9");
    expect([sibling.status, sibling.headers.get("X-Round-Trips")]).toEqual([429, "0"]);
    expect((await guess("2001:db8:1:3::1")).status).toBe(404);
  });
});

describe("54 · a body that is made to hurt", () => {
  const json = { "Content-Type": "application/json" };
  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    openGate().isolate()(LINES, { method: "POST", body, headers: { ...json, ...headers } });
  const gzip = async (text: string) =>
    new Response(
      new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer();

  it.for([
    ["nested 30,000 deep", "[".repeat(30_000), 400],
    ["nested deep in objects", '{"a":'.repeat(10_000), 400],
    [
      "of 10,000 keys",
      JSON.stringify(Object.fromEntries([...Array(10_000).keys()].map((n) => [n, 1]))),
      413,
    ],
    [
      "of 5,000 keys",
      JSON.stringify(Object.fromEntries([...Array(5_000).keys()].map((n) => [n, 1]))),
      400,
    ],
    ["with a key twice", '{"sku":"A","quantity":1,"quantity":2}', 400],
    ["with a key twice, once escaped", '{"sku":"A","s\\u006bu":"B","quantity":1}', 400],
    ["with half a character", '{"sku":"\\ud800","quantity":1}', 400],
  ] as const)("54 · %s is refused", async ([, body, status], { expect }) => {
    const answer = await post(body);
    expect([answer.status, answer.headers.get("X-Round-Trips")]).toEqual([status, "0"]);
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  });

  it("54 · that is compressed is not inflated, however small it looks", async ({ expect }) => {
    const bomb = await gzip("x".repeat(20_000_000));
    expect(bomb.byteLength).toBeLessThan(64_000);
    for (const encoding of ["gzip", "br", "deflate", "GZIP", "gzip, gzip"]) {
      expect((await post(bomb, { "Content-Encoding": encoding })).status).toBe(415);
    }
  });

  it("54 · of staff is bounded as well", async ({ expect }) => {
    const deep = await call("PUT", "/ops/v1/flags", {
      body: JSON.parse(`${"[".repeat(40)}${"]".repeat(40)}`),
    });
    expect(deep.status).toBe(400);
    const huge = await call("PUT", "/ops/v1/flags", {
      body: { flags: { a: "x".repeat(1_100_000) } },
    });
    expect(huge.status).toBe(413);
  });
});

describe("67 · another site's origin", () => {
  const SHOP = "https://shop.example";
  it.for([
    "null",
    "https://shop.example.evil.test",
    "https://evil-shop.example",
    "https://sub.shop.example",
    "http://shop.example",
    "https://shop.example:444",
    "https://SHOP.example.",
  ])(
    "67 · %s may read no answer of any kind, and credentials are never allowed",
    async (origin, { expect }) => {
      const send = openGate({ CORS_ORIGINS: SHOP }).isolate();
      for (const path of [LIST, "/api/v2/order", "/ops/v1/pages", "/api/v9/"]) {
        const { headers } = await send(path, { headers: { ...from(ADDRESS), Origin: origin } });
        expect(headers.has("Access-Control-Allow-Origin")).toBe(false);
        expect(headers.has("Access-Control-Allow-Credentials")).toBe(false);
      }
    },
  );
});

describe("68 · a pace", () => {
  /** Lets so many through for each key, as the platform's binding does, and remembers the keys. */
  const counter = (limit: number) => {
    const counts = new Map<string, number>();
    return {
      counts,
      limit: async ({ key }: { key: string }) => {
        counts.set(key, (counts.get(key) ?? 0) + 1);
        return { success: counts.get(key)! <= limit };
      },
    };
  };

  it("68 · counts one customer as one, whatever they claim, spell or rotate", async ({
    expect,
  }) => {
    const RATE_READ = counter(8);
    const send = openGate({ RATE_READ, RATE_WRITE: counter(1_000) }).isolate();
    const tries: [path: string, headers: Record<string, string>][] = [
      ["/api/v2/cart", from("2001:db8:7:7::1")],
      ["/api/v2/cart", from("2001:db8:7:7:aaaa:bbbb:cccc:dddd")],
      ["/api/v2/cart", { ...from("2001:db8:7:7::2"), "X-Forwarded-For": "192.0.2.1" }],
      [
        "/api/v2/cart",
        { ...from("2001:db8:7:7::3"), "X-Real-IP": "192.0.2.2", Forwarded: "for=192.0.2.3" },
      ],
      ["/API/V2/CART", from("2001:DB8:7:7::4")],
      ["/api/v2/cart/", from("2001:db8:7:7::5")],
      ["/api//v2/cart", from("2001:db8:7:7::6")],
      ["/api/v2/%63art", from("2001:db8:7:7::7")],
      ["/api/v2/cart?x=1", { ...from("2001:db8:7:7::8"), "X-HTTP-Method-Override": "POST" }],
    ];
    const statuses: number[] = [];
    for (const [path, headers] of tries) statuses.push((await send(path, { headers })).status);
    expect(statuses.slice(0, 8)).not.toContain(429);
    expect(statuses.at(-1)).toBe(429);
    expect([...RATE_READ.counts.keys()]).toEqual(["address:2001:db8:7:7::/64"]);
    expect((await send("/api/v2/cart", { headers: from("2001:db8:7:8::1") })).status).toBe(200);
  });

  it("68 · counts a token that comes from many addresses, and many tokens from one", async ({
    expect,
  }) => {
    const RATE_READ = counter(3);
    const send = openGate({ RATE_READ }).isolate();
    const ask = async (address: string, token: string) =>
      (await send("/api/v2/cart", { headers: { ...from(address), Authorization: token } })).status;
    const spread: number[] = [];
    for (let n = 0; n < 5; n += 1) spread.push(await ask(`192.0.2.${n}`, "Bearer one"));
    expect(spread).toEqual([401, 401, 401, 429, 429]);
    const rotated: number[] = [];
    for (let n = 0; n < 5; n += 1) rotated.push(await ask("198.51.100.77", `Bearer many-${n}`));
    expect(rotated).toEqual([401, 401, 401, 429, 429]);
    // The binding sees no token, only what cannot be turned back into one.
    expect([...RATE_READ.counts.keys()].join()).not.toContain("Bearer");
  });

  it("68 · admits of a burst no more than its limit by the platform's own binding", async ({
    expect,
  }) => {
    const send = openGate().isolate();
    const address = `198.51.100.${crypto.getRandomValues(new Uint8Array(1))[0]}`;
    const burst = await Promise.all(
      Array.from({ length: 80 }, () =>
        send("/api/v2/processorder", { method: "POST", body: "{}", headers: from(address) }),
      ),
    );
    expect(burst.filter(({ status }) => status !== 429)).toHaveLength(60);
  });
});

describe("78 · keys that nobody repeats", () => {
  it("78 · are counted like every write of their address, and one cart remembers a thousand", async ({
    expect,
  }) => {
    const RATE_WRITE = { limit: vi.fn(async () => ({ success: false })) };
    const send = openGate({ RATE_WRITE }).isolate();
    await send("/api/v2/cart", { headers: from(ADDRESS) }); // So that it knows of blocks.
    const flood = await Promise.all(
      Array.from({ length: 20 }, () =>
        send(LINES, {
          method: "POST",
          body: '{"sku":"A","quantity":1}',
          headers: { ...from(ADDRESS), "Idempotency-Key": crypto.randomUUID() },
        }),
      ),
    );
    for (const { status, headers } of flood) {
      expect([status, headers.get("X-Round-Trips")]).toEqual([429, "0"]);
    }
  });
});

describe("the block list", () => {
  it("17 · with its Redis away browsing goes on, who is blocked stays so, and changes are refused", async ({
    expect,
  }) => {
    const { isolate, tell } = openGate({ REDIS_BLOCKLIST_URL: NOBODY });
    await tell({ kind: "block", value: `${ADDRESS}/32` });
    const send = isolate();
    expect((await send(LIST, { headers: from("198.51.100.1") })).status).toBe(200);
    expect((await send(LIST, { headers: from(ADDRESS) })).status).toBe(403);
    const staff = { Authorization: `Bearer ${inject("staffKey")}` };
    for (const [method, path, body] of [
      ["POST", "/ops/v1/blocks", '{"address":"192.0.2.7"}'],
      ["DELETE", "/ops/v1/blocks", `{"address":"${ADDRESS}"}`],
      ["PUT", "/ops/v1/flags", '{"flags":{"x":true}}'],
    ] as const) {
      const { status, headers } = await send(path, { method, body, headers: staff });
      expect([method, path, status]).toEqual([method, path, 503]);
      expect(headers.get("Retry-After")).toMatch(/^\d+$/);
    }
    // Nothing of what was refused has happened.
    expect((await send(LIST, { headers: from(ADDRESS) })).status).toBe(403);
    const { redis } = openIo(env, "test");
    const kept = await redis("blocklist", (client) =>
      client.hexists("edge:networks", "192.0.2.7/32"),
    );
    expect(kept).toBe(0);
  });
});
