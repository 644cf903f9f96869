import { afterAll, beforeAll, describe, it } from "vitest";
import { eventually, startTestShop, type TestShop } from "../support/e2e-shop.ts";
import { Shopper } from "../support/shopper.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop?.stop());

const SHOPPERS = 200;
const STOCK = 50;

describe("a rush", () => {
  it("sells 50 units to 50 of 200 shoppers and refuses 150 cleanly", async ({ expect }) => {
    await shop.sell("RUSH-1", { price: "10.00", stock: STOCK });
    const shoppers = Array.from({ length: SHOPPERS }, () => new Shopper(shop));
    const quotes = await Promise.all(shoppers.map((shopper) => shopper.quote("RUSH-1")));
    const paid = await Promise.all(shoppers.map((shopper, n) => shopper.pay(quotes[n]!)));

    const placed = paid.filter(({ status }) => status === 201);
    const refused = paid.filter(({ status }) => status === 409);
    expect([placed.length, refused.length]).toEqual([STOCK, SHOPPERS - STOCK]);
    for (const { body } of refused) expect(body.type).toBe("/problems/insufficient-stock");

    const stock = await shop.call<{
      onHand: number;
      held: number;
      available: number;
      ledger: { kind: string }[];
    }>("GET", "/ops/v1/inventory/RUSH-1");
    expect(stock.body).toMatchObject({ onHand: 0, held: 0, available: 0 });
    const orders = new Set(placed.map(({ body }) => body.order.id));
    expect(orders.size).toBe(STOCK);
    const ledger = await eventually(
      () => shop.ledger(),
      (entries) => entries.filter(({ kind }) => kind === "capture").length === STOCK,
    );
    const authorized = ledger.filter(({ kind }) => kind === "authorize");
    expect(authorized).toHaveLength(STOCK);
    // Nobody was charged who was refused.
    const buyers = new Set(placed.map(({ body }) => body.order.id));
    expect(new Set(authorized.map(({ checkoutId }) => checkoutId)).size).toBe(buyers.size);
  });

  it("answers one order for one purchase that is sent 20 times at once", async ({ expect }) => {
    await shop.sell("ONCE-1", { stock: 5 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("ONCE-1");
    const key = "one-purchase";
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => shopper.pay(quoted, { key })),
    );
    for (const { status } of answers) expect(status).toBe(201);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const replays = answers.filter(({ headers }) => headers.get("Idempotent-Replayed") === "true");
    expect(replays).toHaveLength(19);
    const authorized = await shop.ledger(quoted.checkoutId);
    expect(authorized.filter(({ kind }) => kind === "authorize")).toHaveLength(1);

    const otherBody = await shopper.pay({ ...quoted, quoteId: `${quoted.quoteId}x` }, { key });
    expect(otherBody.status).toBe(422);
  });
});
