import { afterAll, beforeAll, describe, it } from "vitest";
import { eventually, startTestShop, type TestShop } from "../support/e2e-shop.ts";
import { Shopper } from "../support/shopper.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop?.stop());

const availableOf = async (sku: string) => {
  const { body } = await shop.call<{ onHand: number; held: number }>(
    "GET",
    `/ops/v1/inventory/${sku}`,
  );
  return body;
};

describe("payments that go wrong", () => {
  it("declined: 402, nothing held, the cart kept, and a retry with another card works", async ({
    expect,
  }) => {
    await shop.sell("CARD-1", { stock: 3 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("CARD-1");
    const declined = await shopper.pay(quoted, { token: "tok_declined" });
    expect([declined.status, declined.body.type]).toEqual([402, "/problems/payment-declined"]);
    expect(await availableOf("CARD-1")).toMatchObject({ onHand: 3, held: 0 });
    expect((await shopper.pay(quoted)).status).toBe(201);
  });

  it("answer lost after the money moved: found again, charged once", async ({ expect }) => {
    await shop.sell("LOST-1", { stock: 3 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("LOST-1");
    const paid = await shopper.pay(quoted, { token: "tok_timeout_after" });
    expect([201, 202]).toContain(paid.status);
    const done = await eventually(
      () => shopper.checkout(quoted.checkoutId),
      ({ body }) => body.status === "completed",
    );
    expect(done.body.order?.id).toMatch(/^ord_/);
    const ledger = await shop.ledger(quoted.checkoutId);
    expect(ledger.filter(({ kind }) => kind === "authorize")).toHaveLength(1);
  });

  for (const token of ["tok_error_before", "tok_refused_connection"]) {
    it(`${token}: nothing charged, stock free again, and the shopper may try again`, async ({
      expect,
    }) => {
      const sku = token.toUpperCase();
      await shop.sell(sku, { stock: 3 });
      const shopper = new Shopper(shop);
      const quoted = await shopper.quote(sku);
      const paid = await shopper.pay(quoted, { token });
      expect([202, 503]).toContain(paid.status);
      await eventually(
        () => shopper.checkout(quoted.checkoutId),
        ({ body }) => body.status === "ready_for_complete",
      );
      expect(await availableOf(sku)).toMatchObject({ onHand: 3, held: 0 });
      expect(await shop.ledger(quoted.checkoutId)).toEqual([]);
      expect((await shopper.pay(quoted)).status).toBe(201);
    });
  }
});

describe("a runtime that is killed", () => {
  it("keeps its answers: the same purchase after a restart is the same order", async ({
    expect,
  }) => {
    await shop.sell("KEEP-1", { stock: 3 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("KEEP-1");
    const before = await shopper.pay(quoted, { key: "kept" });
    expect(before.status).toBe(201);
    await shop.runtime.kill();
    await shop.runtime.start();
    const after = await shopper.pay(quoted, { key: "kept" });
    expect(after.body).toEqual(before.body);
    expect(after.headers.get("Idempotent-Replayed")).toBe("true");
    const ledger = await shop.ledger(quoted.checkoutId);
    expect(ledger.filter(({ kind }) => kind === "authorize")).toHaveLength(1);
  });

  it("in the middle of a checkout: the checkout ends whole or undone by itself", async ({
    expect,
  }) => {
    await shop.sell("KILL-1", { stock: 20 });
    const shoppers = Array.from({ length: 8 }, () => new Shopper(shop));
    const quotes = await Promise.all(shoppers.map((shopper) => shopper.quote("KILL-1")));
    await setWeather({ latencyMs: 400 });
    // Cut off at moments spread over the whole way to the till.
    const paying = shoppers.map(async (shopper, n) => {
      await sleep(n * 110);
      return shopper.pay(quotes[n]!, { key: `kill-${n}` }).catch(() => undefined);
    });
    await sleep(700);
    await shop.runtime.kill();
    await Promise.all(paying);
    await setWeather({ latencyMs: 0 });
    await shop.runtime.start();

    const ended = await Promise.all(
      shoppers.map((shopper, n) =>
        eventually(
          () => shopper.checkout(quotes[n]!.checkoutId),
          ({ body }) => ["completed", "ready_for_complete"].includes(body.status),
          40_000,
        ),
      ),
    );
    const completed = ended.filter(({ body }) => body.status === "completed").length;
    const stock = await eventually(
      () => availableOf("KILL-1"),
      ({ held }) => held === 0,
    );
    expect(stock).toMatchObject({ onHand: 20 - completed, held: 0 });
    // The kill took the queue's memory with it; the outbox remembers what was never settled.
    await shop.sweep();
    for (const [n, { body }] of ended.entries()) {
      const ledger = await eventually(
        () => shop.ledger(quotes[n]!.checkoutId),
        (entries) => body.status !== "completed" || entries.some(({ kind }) => kind === "capture"),
      );
      const count = (kind: string) => ledger.filter((entry) => entry.kind === kind).length;
      if (body.status === "completed") {
        expect([count("authorize"), count("capture"), count("void")]).toEqual([1, 1, 0]);
      } else {
        expect([count("authorize") - count("void"), count("capture")]).toEqual([0, 0]);
      }
    }
  });
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function setWeather(weather: { latencyMs: number }): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${shop.ports.stripe}/weather`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(weather),
  });
  if (!answer.ok) throw new Error(`weather: ${answer.status}`);
}
