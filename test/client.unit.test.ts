import { describe, it, vi } from "vitest";
import { createClient, type ProblemBody, ProblemError, UnexpectedResponse } from "../src/client.ts";

type Reply = { status?: number; body?: unknown; headers?: Record<string, string> };

/** A client of a shop that gives these answers, in order, and keeps what it was asked. */
function shop(replies: Reply[], options: Partial<Parameters<typeof createClient>[0]> = {}) {
  const asked: Request[] = [];
  const fetch = async (request: Request) => {
    asked.push(request);
    const { status = 200, body = {}, headers = {} } = replies.shift() ?? {};
    const type = status < 400 ? "application/json" : "application/problem+json";
    return new Response(JSON.stringify(body), {
      status,
      headers: { "Content-Type": type, ...headers },
    });
  };
  const client = createClient({ baseUrl: "http://shop.test", fetch, ...options });
  return { client, asked };
}

const outOfStock = {
  type: "/problems/insufficient-stock",
  title: "There is not enough stock",
  status: 409,
  requestId: "req_1",
  available: 2,
} satisfies ProblemBody;

const COMPLETION = {
  checkoutId: "chk_1",
  quoteId: "quo_1",
  payment: { tokens: { stripe: "tok_ok" } },
};

describe("the client's cart", () => {
  it("remembers the token that the first change answers", async ({ expect }) => {
    const { client, asked } = shop([{ status: 201, headers: { "Cart-Token": "t1" } }]);
    expect(client.cartToken()).toBeUndefined();
    await client.cart.add({ sku: "A", quantity: 1 });
    expect(client.cartToken()).toBe("t1");
    await client.cart.get();
    expect(asked.map(({ headers }) => headers.get("Cart-Token"))).toEqual([null, "t1"]);
  });

  it("goes on with a cart that it is given", async ({ expect }) => {
    const { client, asked } = shop([], { cartToken: "kept" });
    await client.cart.get();
    expect(asked[0]?.headers.get("Cart-Token")).toBe("kept");
  });

  it("lets a page keep the token where it likes", async ({ expect }) => {
    const store = { get: vi.fn(() => "stored"), set: vi.fn() };
    const { client, asked } = shop([{ headers: { "Cart-Token": "next" } }], { cartToken: store });
    await client.cart.get();
    expect(asked[0]?.headers.get("Cart-Token")).toBe("stored");
    expect(store.set).toHaveBeenCalledExactlyOnceWith("next");
  });

  it("speaks the routes' own language", async ({ expect }) => {
    const { client, asked } = shop([]);
    await client.cart.add({ sku: "A", quantity: 2 });
    await client.cart.update("lin_1", 3);
    await client.cart.remove("lin_1");
    await client.cart.setMode({ mode: "hyperlocal", postalCode: "97201" });
    await client.cart.applyCoupon("SALE");
    await client.cart.removeCoupon("SALE");
    await client.cart.applyVoucher("ABCD-EFGH");
    await client.cart.removeVoucher("vou_1");
    expect(asked.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "POST /api/v2/cart/lines",
      "PATCH /api/v2/cart/lines/lin_1",
      "DELETE /api/v2/cart/lines/lin_1",
      "PUT /api/v2/cart/mode",
      "POST /api/v2/cart/coupons",
      "DELETE /api/v2/cart/coupons/SALE",
      "POST /api/v2/cart/vouchers",
      "DELETE /api/v2/cart/vouchers/vou_1",
    ]);
    expect(await asked[0]?.json()).toEqual({ sku: "A", quantity: 2 });
    expect(await asked[1]?.json()).toEqual({ quantity: 3 });
    expect(await asked[6]?.json()).toEqual({ code: "ABCD-EFGH" });
  });
});

describe("the client's devices", () => {
  it("speak the routes' own language", async ({ expect }) => {
    const { client, asked } = shop([]);
    await client.me.devices.list();
    await client.me.devices.register({ token: "t", platform: "ios", name: "Ada's phone" });
    await client.me.devices.remove("dev_1");
    expect(asked.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "GET /api/v2/me/devices",
      "POST /api/v2/me/devices",
      "DELETE /api/v2/me/devices/dev_1",
    ]);
    expect(await asked[1]?.json()).toEqual({ token: "t", platform: "ios", name: "Ada's phone" });
  });
});

describe("the client's content", () => {
  it("is asked for by name", async ({ expect }) => {
    const { client, asked } = shop([]);
    await client.content.block("footer");
    await client.content.page("about-us");
    expect(asked.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "GET /api/v2/content/blocks/footer",
      "GET /api/v2/content/pages/about-us",
    ]);
  });
});

describe("the client's keys", () => {
  it("are fresh for each write, and none for a read", async ({ expect }) => {
    const { client, asked } = shop([]);
    await client.cart.get();
    await client.cart.add({ sku: "A", quantity: 1 });
    await client.cart.add({ sku: "A", quantity: 1 });
    const keys = asked.map(({ headers }) => headers.get("Idempotency-Key"));
    expect(keys[0]).toBeNull();
    expect(keys[1]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[2]).not.toBe(keys[1]);
  });

  it("are the caller's when the caller repeats a call", async ({ expect }) => {
    const { client, asked } = shop([]);
    await client.checkout.complete(COMPLETION, { idempotencyKey: "mine" });
    expect(asked[0]?.headers.get("Idempotency-Key")).toBe("mine");
  });

  it("are sent by raw calls too", async ({ expect }) => {
    const { client, asked } = shop([]);
    await client.raw.api.v2.cart.lines.$post({ json: { sku: "A", quantity: 1 } });
    expect(asked[0]?.headers.get("Idempotency-Key")).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("the client's orders", () => {
  const placed = {
    status: 201,
    body: { order: { id: "ord_1", number: "1", status: "placed", total: {}, token: "secret" } },
  };

  it("opens what it has placed with the token it was given", async ({ expect }) => {
    const { client, asked } = shop([placed]);
    await client.checkout.complete(COMPLETION);
    await client.orders.get("ord_1", { at: "2026-11-20T00:00:00Z" });
    await client.orders.get("ord_2");
    expect(asked[1]?.headers.get("Order-Token")).toBe("secret");
    expect(new URL(asked[1]!.url).search).toBe("?at=2026-11-20T00%3A00%3A00Z");
    expect(asked[2]?.headers.get("Order-Token")).toBeNull();
  });

  it("prefers the call's token to its own, and both to the default", async ({ expect }) => {
    const { client, asked } = shop([placed], { orderToken: "default" });
    await client.checkout.complete(COMPLETION);
    await client.orders.events("ord_1", { orderToken: "call", limit: 5 });
    await client.orders.cancel("ord_1", { reason: "changed my mind" });
    await client.orders.get("ord_2");
    const tokens = asked.slice(1).map(({ headers }) => headers.get("Order-Token"));
    expect(tokens).toEqual(["call", "secret", "default"]);
    expect(new URL(asked[1]!.url).search).toBe("?limit=5");
    expect(await asked[2]?.json()).toEqual({ reason: "changed my mind" });
  });
});

describe("the client's staff key", () => {
  it("is sent to the operations and nowhere else", async ({ expect }) => {
    const { client, asked } = shop([], { staffKey: "k" });
    await client.raw.ops.v1.inventory[":sku"].$get({ param: { sku: "A" } });
    await client.products.list();
    expect(asked.map(({ headers }) => headers.get("Authorization"))).toEqual(["Bearer k", null]);
  });
});

describe("a refusal", () => {
  it("is a ProblemError with its slug and all that the API said", async ({ expect }) => {
    const { client } = shop([{ status: 409, body: outOfStock, headers: { "Retry-After": "2" } }]);
    const error = await client.cart.add({ sku: "A", quantity: 9 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({
      slug: "insufficient-stock",
      status: 409,
      requestId: "req_1",
      errors: [],
      retryAfterSeconds: 2,
      problem: { available: 2 },
      message: "There is not enough stock",
    });
  });

  it("that the API never wrote is told apart", async ({ expect }) => {
    const html = { status: 502, headers: { "Content-Type": "text/html" } };
    const portal = { status: 200, headers: { "Content-Type": "text/html" } };
    const { client } = shop([html, portal]);
    await expect(client.cart.get()).rejects.toThrow(UnexpectedResponse);
    await expect(client.cart.get()).rejects.toMatchObject({ status: 200 });
  });

  it("by the network passes through", async ({ expect }) => {
    const down = () => Promise.reject(new TypeError("no network"));
    const client = createClient({ baseUrl: "http://shop.test", fetch: down });
    await expect(client.products.get("mug")).rejects.toThrow("no network");
  });

  it("by the caller's own signal passes through", async ({ expect }) => {
    const fetch = async (request: Request) => {
      request.signal.throwIfAborted();
      return Response.json({});
    };
    const client = createClient({ baseUrl: "http://shop.test", fetch });
    const signal = AbortSignal.abort();
    await expect(client.cart.get({ signal })).rejects.toThrow(/abort/i);
  });
});
