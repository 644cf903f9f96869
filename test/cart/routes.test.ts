import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cartHints } from "../../src/cart/cart-hints.ts";
import type { CartView } from "../../src/cart/model.ts";
import { ownerName } from "../../src/cart/model.ts";
import { guest } from "../../src/cart/owner.ts";
import { variants } from "../../src/catalog/schema.ts";
import { call, freshSku, testIo } from "../inventory/shop.ts";
import { LINES, newCart, published, withToken } from "./carts.ts";

const forgetHint = async (token: string) => cartHints.forget(ownerName(await guest(token)));
const pointers = async (response: Response) =>
  (await response.json<{ errors: { pointer: string }[] }>()).errors.map(({ pointer }) => pointer);

afterEach(() => {
  vi.restoreAllMocks();
});

describe("GET /api/v2/cart", () => {
  it("shows an empty cart to who has none, and asks nobody", async () => {
    const response = await call("/api/v2/cart");
    expect(response.status).toBe(200);
    expect(response.headers.get("X-Round-Trips")).toBe("0");
    expect(await response.json()).toMatchObject({ id: null, lines: [], coupons: [], vouchers: [] });
  });

  it("shows the price of now, whatever it was when the line was added", async () => {
    const sku = await published({ priceMinor: 1000, title: "Large" });
    const { token } = await newCart(sku, 3);
    await testIo().sql.update(variants).set({ priceMinor: 1200 }).where(eq(variants.sku, sku));
    const response = await call("/api/v2/cart", { headers: withToken(token) });
    const cart = await response.json<CartView>();
    expect(cart).toMatchObject({
      version: 1,
      currency: "USD",
      mode: "standard",
      lines: [
        {
          sku,
          title: "Tent - Large",
          quantity: 3,
          unitPrice: { amount: 1200, currency: "USD" },
          total: { amount: 3600, currency: "USD" },
          problems: [],
        },
      ],
      totals: { subtotal: { amount: 3600 }, total: { amount: 3600 } },
    });
    expect(cart.token).toBeUndefined();
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  it("takes one round trip; two where the isolate has not seen the cart", async () => {
    const { token } = await newCart(await published());
    const warm = await call("/api/v2/cart", { headers: withToken(token) });
    expect(warm.headers.get("X-Round-Trips")).toBe("1");
    await forgetHint(token);
    const cold = await call("/api/v2/cart", { headers: withToken(token) });
    expect(cold.headers.get("X-Round-Trips")).toBe("2");
    expect(await cold.text()).toBe(await warm.text());
  });

  it.each([
    ["malformed", "x"],
    ["unknown", "A".repeat(43)],
  ])("does not know a %s token", async (_, token) => {
    const headers = withToken(token);
    const requests = [
      call("/api/v2/cart", { headers }),
      call(LINES, { headers, body: { sku: "ANY", quantity: 1 } }),
      call(`${LINES}/lin_1`, { method: "PATCH", headers, body: { quantity: 1 } }),
      call(`${LINES}/lin_1`, { method: "DELETE", headers }),
      call("/api/v2/cart/mode", { method: "PUT", headers, body: { mode: "split" } }),
    ];
    for (const response of await Promise.all(requests)) {
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ type: "/problems/not-found" });
    }
  });
});

describe("POST /api/v2/cart/lines", () => {
  it("makes a cart with an unguessable token, in two round trips", async () => {
    const sku = await published();
    const { response, cart, token } = await newCart(sku, 2);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(response.headers.get("Cart-Token")).toBe(token);
    expect(response.headers.get("X-Round-Trips")).toBe("2");
    expect(cart.lines).toMatchObject([{ sku, quantity: 2 }]);
    expect((await newCart(sku)).token).not.toBe(token);
  });

  it("adds to the line that the SKU has, in two round trips", async () => {
    const [sku, other] = [await published(), await published()];
    const { token } = await newCart(sku, 2);
    await call(LINES, { headers: withToken(token), body: { sku: other, quantity: 1 } });
    const response = await call(LINES, { headers: withToken(token), body: { sku, quantity: 3 } });
    expect(response.status).toBe(201);
    expect(response.headers.get("X-Round-Trips")).toBe("2");
    const cart = await response.json<CartView>();
    expect(cart.lines.map((line) => [line.sku, line.quantity])).toEqual([
      [sku, 5],
      [other, 1],
    ]);
    expect(cart.token).toBeUndefined();
  });

  it("finds lines that this isolate has not seen, in three round trips", async () => {
    const [sku, other] = [await published(), await published()];
    const { token } = await newCart(sku);
    await forgetHint(token);
    const body = { sku: other, quantity: 1 };
    const unseen = await call(LINES, { headers: withToken(token), body });
    expect(unseen.headers.get("X-Round-Trips")).toBe("3");
    expect(await unseen.json()).toMatchObject({ lines: [{ sku }, { sku: other }] });

    cartHints.set(ownerName(await guest(token)), { skus: [], coupons: [], vouchers: [] });
    const misled = await call(LINES, { headers: withToken(token), body });
    expect(misled.status).toBe(201);
    expect(await misled.json()).toMatchObject({ lines: [{ sku }, { sku: other, quantity: 2 }] });
  });

  it("refuses more than can be had, counting what is in the cart", async () => {
    const sku = await published({ onHand: 3 });
    const { token } = await newCart(sku, 2);
    const response = await call(LINES, { headers: withToken(token), body: { sku, quantity: 2 } });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      type: "/problems/insufficient-stock",
      available: 3,
    });
    const soldOut = await call(LINES, {
      body: { sku: await published({ onHand: 0 }), quantity: 1 },
    });
    expect(await soldOut.json()).toMatchObject({ available: 0 });
    const backorder = await published({ onHand: 0, backorder: true });
    expect((await call(LINES, { body: { sku: backorder, quantity: 9 } })).status).toBe(201);
  });

  it.each([
    ["unknown", async () => freshSku()],
    ["unpublished", () => published({ published: false })],
  ])("does not know an %s SKU, and makes no cart for it", async (_, make) => {
    const carts = await listDurableObjectIds(env.CART);
    const response = await call(LINES, { body: { sku: await make(), quantity: 1 } });
    expect(response.status).toBe(404);
    expect(response.headers.get("Cart-Token")).toBeNull();
    expect(await listDurableObjectIds(env.CART)).toHaveLength(carts.length);
    expect(await response.json()).toMatchObject({ type: "/problems/sku-unknown" });
  });

  it.each([0, -1, 1.5, "1", true, 2 ** 31, null, 1000, [1], {}])(
    "37 · refuses the quantity %j with a pointer",
    async (quantity) => {
      const response = await call(LINES, { body: { sku: "ANY", quantity } });
      expect(response.status).toBe(422);
      expect(await pointers(response)).toEqual(["/quantity"]);
    },
  );

  it.each([
    ["/sku", { quantity: 1 }],
    ["/sku", { sku: " A", quantity: 1 }],
    ["/sku", { sku: 7, quantity: 1 }],
    ["/price", { sku: "A", quantity: 1, price: 1 }],
  ])("refuses with a pointer to %s: %j", async (pointer, body) => {
    const response = await call(LINES, { body });
    expect(response.status).toBe(422);
    expect(await pointers(response)).toContain(pointer);
  });

  it("sends the price limit back as a problem of the quantity", async () => {
    const sku = await published({ priceMinor: 999_999_999_999, onHand: 5 });
    const response = await call(LINES, { body: { sku, quantity: 2 } });
    expect(response.status).toBe(422);
    expect(await pointers(response)).toEqual(["/quantity"]);
  });
});

describe("PATCH and DELETE /api/v2/cart/lines/{id}", () => {
  it("set the quantity, and remove at 0 or by name", async () => {
    const [sku, other] = [await published(), await published()];
    const { token, cart } = await newCart(sku, 1);
    const headers = withToken(token);
    const added = await call(LINES, { headers, body: { sku: other, quantity: 1 } });
    const second = (await added.json<CartView>()).lines[1]!.id;
    const first = `${LINES}/${cart.lines[0]!.id}`;

    const raised = await call(first, { method: "PATCH", headers, body: { quantity: 5 } });
    expect(raised.headers.get("X-Round-Trips")).toBe("2");
    expect(await raised.json()).toMatchObject({ version: 3, lines: [{ quantity: 5 }, {}] });
    const removed = await call(first, { method: "PATCH", headers, body: { quantity: 0 } });
    expect((await removed.json<CartView>()).lines.map((line) => line.sku)).toEqual([other]);
    const emptied = await call(`${LINES}/${second}`, { method: "DELETE", headers });
    expect(await emptied.json()).toMatchObject({ lines: [], totals: { total: { amount: 0 } } });
    expect((await call(`${LINES}/${second}`, { method: "DELETE", headers })).status).toBe(404);
  });

  it("refuse more than can be had", async () => {
    const sku = await published({ onHand: 3 });
    const { token, cart } = await newCart(sku, 1);
    const response = await call(`${LINES}/${cart.lines[0]!.id}`, {
      method: "PATCH",
      headers: withToken(token),
      body: { quantity: 4 },
    });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ available: 3 });
  });

  it("do not reach another shopper's line", async () => {
    const sku = await published();
    const [mine, theirs] = [await newCart(sku), await newCart(sku)];
    const path = `${LINES}/${theirs.cart.lines[0]!.id}`;
    const headers = withToken(mine.token);
    expect((await call(path, { method: "DELETE", headers })).status).toBe(404);
    expect((await call(path, { method: "DELETE" })).status).toBe(404);
    const seen = await call("/api/v2/cart", { headers: withToken(theirs.token) });
    expect(await seen.json()).toMatchObject({ lines: [{ sku }] });
  });

  it.each([-1, 1.5, "1", null, 1000])(
    "37 · refuse the quantity %j with a pointer",
    async (quantity) => {
      const response = await call(`${LINES}/lin_1`, { method: "PATCH", body: { quantity } });
      expect(response.status).toBe(422);
      expect(await pointers(response)).toEqual(["/quantity"]);
    },
  );
});

describe("PUT /api/v2/cart/mode", () => {
  it("chooses how the cart is delivered, also before anything is in it", async () => {
    const body = { mode: "hyperlocal", postalCode: "10115" };
    const response = await call("/api/v2/cart/mode", { method: "PUT", body });
    expect(response.status).toBe(200);
    const cart = await response.json<CartView>();
    expect(cart).toMatchObject({ ...body, lines: [], version: 1 });
    const seen = await call("/api/v2/cart", { headers: withToken(cart.token!) });
    expect(await seen.json()).toMatchObject(body);
  });

  it.each([
    ["/mode", { mode: "teleport" }],
    ["/postalCode", { mode: "hyperlocal" }],
    ["/postalCode", { mode: "split", postalCode: 10115 }],
  ])("refuses with a pointer to %s: %j", async (pointer, body) => {
    const response = await call("/api/v2/cart/mode", { method: "PUT", body });
    expect(response.status).toBe(422);
    expect(await pointers(response)).toEqual([pointer]);
  });
});

describe("a cart in bad weather", () => {
  function cut(name: "REDIS_BUFFER_URL" | "MYSQL_URL"): void {
    const { origin } = new URL((env as unknown as Record<string, string>)[name]!);
    const through = globalThis.fetch;
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      const target = new URL(input instanceof Request ? input.url : String(input));
      if (target.origin === origin) return Promise.reject(new TypeError("connection refused"));
      return through(input, init);
    });
  }

  it("goes on without Redis: the objects say what can be had", async () => {
    const sku = await published({ onHand: 4 });
    cut("REDIS_BUFFER_URL");
    const { token } = await newCart(sku, 4);
    const refused = await call(LINES, { headers: withToken(token), body: { sku, quantity: 1 } });
    expect(await refused.json()).toMatchObject({ available: 4 });
    expect((await call("/api/v2/cart", { headers: withToken(token) })).status).toBe(200);
  });

  it("says so without MySQL, changes nothing, and goes on afterwards", async () => {
    const sku = await published();
    const { token } = await newCart(sku, 1);
    cut("MYSQL_URL");
    const headers = withToken(token);
    const down = await call(LINES, { headers, body: { sku, quantity: 1 } });
    expect(down.status).toBe(503);
    expect(down.headers.get("Retry-After")).toBe("2");
    expect(await down.json()).toMatchObject({ type: "/problems/dependency-unavailable" });
    vi.restoreAllMocks();
    const up = await call(LINES, { headers, body: { sku, quantity: 1 } });
    expect(await up.json()).toMatchObject({ lines: [{ quantity: 2 }] });
  });
});

it("answers under the old prefix too", async () => {
  const sku = await published();
  const made = await call("/api/v1/cart/lines", { body: { sku, quantity: 1 } });
  expect(made.status).toBe(201);
  const { token } = await made.json<CartView>();
  const seen = await call("/api/v1/cart", { headers: withToken(token!) });
  expect(await seen.json()).toMatchObject({ lines: [{ sku, quantity: 1 }] });
});
