import { describe, it, vi } from "vitest";
import { csv, openShop } from "./catalog/shop.ts";
import { ADDRESS, call, ownSku, roundTrips, sell } from "./support/worker-shop.ts";

// DESIGN §13: sequential network steps per request. A change that raises a number must say why.
const BUDGET = {
  coldPage: 3,
  cartRead: 1,
  cartChange: 2,
  validate: 3,
  complete: 6,
  order: 1,
};

/** Waits until the stock buffer answers for a SKU by itself. */
const buffered = (sku: string) =>
  vi.waitFor(
    async () => {
      const answered = await call("GET", `/api/v2/availability?sku=${sku}`);
      if (roundTrips(answered) !== 1) throw new Error(`${sku} is not in the buffer yet`);
    },
    { timeout: 10_000, interval: 200 },
  );

describe("the round-trip budget", () => {
  it("of cold pages", async ({ expect }) => {
    const sku = ownSku();
    await sell({ sku });
    const pages = [
      "/api/v2/products?limit=50&sort=-price",
      `/api/v2/products/${sku.toLowerCase()}`,
      "/api/v2/categories",
    ];
    for (const path of pages) {
      const answered = await call("GET", path);
      expect(answered.status).toBe(200);
      expect(roundTrips(answered), path).toBeLessThanOrEqual(BUDGET.coldPage);
    }
  });

  it("of pages by the layer that has them: memory, data centre, KV, none", async ({ expect }) => {
    const sku = ownSku();
    const shop = openShop();
    await shop.importCsv(csv([{ Handle: sku.toLowerCase(), Title: sku, "Variant Price": "1.00" }]));
    for (const path of [`/api/v2/products/${sku.toLowerCase()}`, "/api/v2/products?sort=price"]) {
      const steps = async () => {
        const { headers } = await shop.request(path);
        return [headers.get("X-Cache"), Number(headers.get("X-Round-Trips"))];
      };
      const [from, cold] = await steps();
      expect(from).toBe("miss");
      expect(cold).toBeLessThanOrEqual(BUDGET.coldPage);
      expect(await steps()).toEqual(["hit-memory", 0]);
      shop.moveToNewIsolate();
      expect(await steps()).toEqual(["hit-pop", 1]);
      shop.moveToNewDataCentre();
      expect(await steps()).toEqual(["hit-global", 2]);
    }
  });

  it("of availability", async ({ expect }) => {
    const sku = ownSku();
    await sell({ sku });
    // What the buffer does not know costs one more step, until the stock object has published it.
    expect(roundTrips(await call("GET", `/api/v2/availability?sku=${sku}`))).toBeLessThanOrEqual(2);
    await buffered(sku);
  });

  it("of a purchase, from the first line to the order", async ({ expect }) => {
    const [first, second] = [ownSku(), ownSku()];
    await sell({ sku: first }, { sku: second });
    await Promise.all([buffered(first), buffered(second)]);
    const added = await call<{ token: string }>("POST", "/api/v2/cart/lines", {
      body: { sku: first, quantity: 1 },
    });
    expect(roundTrips(added)).toBeLessThanOrEqual(BUDGET.cartChange);
    const headers = { "Cart-Token": added.body.token };
    const again = await call("POST", "/api/v2/cart/lines", {
      body: { sku: second, quantity: 2 },
      headers: { ...headers, "Idempotency-Key": "second-line" },
    });
    expect(roundTrips(again)).toBeLessThanOrEqual(BUDGET.cartChange);
    const read = await call("GET", "/api/v2/cart", { headers });
    expect(roundTrips(read)).toBe(BUDGET.cartRead);

    const validated = await call<{ checkoutId: string; quote: { id: string } }>(
      "POST",
      "/api/v2/validatecheckout",
      { body: { email: "ada@example.com", shippingAddress: ADDRESS }, headers },
    );
    expect(validated.status).toBe(200);
    expect(roundTrips(validated)).toBeLessThanOrEqual(BUDGET.validate);

    const { checkoutId, quote } = validated.body;
    const placed = await call<{ order: { id: string; token: string } }>(
      "POST",
      "/api/v2/processorder",
      {
        body: { checkoutId, quoteId: quote.id, payment: { tokens: { stripe: "tok_ok" } } },
        headers: { ...headers, "Idempotency-Key": "pay" },
      },
    );
    expect(placed.status).toBe(201);
    // One less than the budget: there are no vouchers in this purchase.
    expect(roundTrips(placed)).toBeLessThanOrEqual(BUDGET.complete - 1);
    expect(placed.headers.get("Server-Timing")).toContain("processor");

    const { id, token } = placed.body.order;
    const order = await call("GET", `/api/v2/order/${id}`, { headers: { "Order-Token": token } });
    expect(order.status).toBe(200);
    expect(roundTrips(order)).toBe(BUDGET.order);
  });
});
