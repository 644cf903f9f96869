import { afterAll, beforeAll, describe, it } from "vitest";
import { eventually, startTestShop, type TestShop } from "../support/e2e-shop.ts";
import { Shopper } from "../support/shopper.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop?.stop());

describe("MariaDB stopped", () => {
  it("answers 503 problems, loses nothing, and recovers without a restart", async ({ expect }) => {
    await shop.sell("DOWN-1", { stock: 5 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("DOWN-1");
    await shop.mysql.stop();
    try {
      const browsing = await shop.call<{ type: string }>("GET", "/api/v2/products");
      expect([browsing.status, browsing.body.type]).toEqual([
        503,
        "/problems/dependency-unavailable",
      ]);
      expect(browsing.headers.get("Retry-After")).toMatch(/^\d+$/);
      expect((await shop.call("GET", "/api/v2/health")).status).toBe(503);
      const paying = await shopper.pay(quoted, { key: "through-the-outage" });
      expect([paying.status, paying.body.type]).toEqual([503, "/problems/dependency-unavailable"]);
      expect(await shop.ledger(quoted.checkoutId)).toEqual([]);
    } finally {
      await shop.mysql.start();
    }
    await eventually(
      () => shop.call("GET", "/api/v2/products"),
      ({ status }) => status === 200,
    );
    const paid = await eventually(
      () => shopper.pay(quoted, { key: "through-the-outage" }),
      ({ status }) => status === 201,
    );
    expect(paid.status).toBe(201);
    const stock = await shop.call<{ onHand: number; held: number }>(
      "GET",
      "/ops/v1/inventory/DOWN-1",
    );
    expect(stock.body).toMatchObject({ onHand: 4, held: 0 });
  });

  it("right after the authorization: the order is written when the database is back", async ({
    expect,
  }) => {
    await shop.sell("LATE-1", { stock: 5 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("LATE-1");
    await setWeather({ latencyMs: 1_500 });
    const paying = shopper.pay(quoted);
    await eventually(
      () => shop.ledger(quoted.checkoutId),
      (entries) => entries.length === 1,
    );
    await shop.mysql.stop();
    const paid = await paying;
    await setWeather({ latencyMs: 0 });
    await shop.mysql.start();
    expect([201, 202]).toContain(paid.status);
    const done = await eventually(
      () => shopper.checkout(quoted.checkoutId),
      ({ body }) => body.status === "completed",
      40_000,
    );
    const { id, token } = done.body.order!;
    await eventually(
      () => shopper.order(id, token),
      ({ body }) => body.status === "paid",
      40_000,
    );
    const kinds = (await shop.ledger(quoted.checkoutId)).map(({ kind }) => kind);
    expect(kinds).toEqual(["authorize", "capture"]);
  });
});

describe("Redis stopped", () => {
  it("lets browsing, carts and checkouts go on", async ({ expect }) => {
    await shop.sell("NORED-1", { stock: 5 });
    await shop.redis.stop();
    try {
      expect((await shop.call("GET", "/api/v2/products")).status).toBe(200);
      const shopper = new Shopper(shop);
      const quoted = await shopper.quote("NORED-1", 2);
      expect((await shopper.pay(quoted)).status).toBe(201);
      const available = await shop.call<{ items: { available: number }[] }>(
        "GET",
        "/api/v2/availability?sku=NORED-1",
      );
      expect(available.body.items[0]?.available).toBe(3);
      const health = await shop.call<{ status: string }>("GET", "/api/v2/health");
      expect([health.status, health.body.status]).toEqual([200, "degraded"]);
    } finally {
      await shop.redis.start();
    }
    await eventually(
      () => shop.call<{ status: string }>("GET", "/api/v2/health"),
      ({ body }) => body.status === "ok",
    );
  });
});

async function setWeather(weather: { latencyMs: number }): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${shop.ports.stripe}/weather`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(weather),
  });
  if (!answer.ok) throw new Error(`weather: ${answer.status}`);
}
