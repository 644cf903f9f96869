import { afterAll, beforeAll, describe, it } from "vitest";
import { eventually, startTestShop, type TestShop } from "../support/e2e-shop.ts";
import { Shopper } from "../support/shopper.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop?.stop());

describe("a purchase", () => {
  it("ends captured, with the stock sold and one confirmation in the sink", async ({ expect }) => {
    await shop.sell("MUG-1", { price: "12.50", stock: 10 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("MUG-1", 2);
    expect(quoted.total).toBe(2_500 + 499);

    const placed = await shopper.pay(quoted);
    expect(placed.status).toBe(201);
    const { id, token } = placed.body.order;
    const now = await shopper.order(id, token);
    expect(now.status).toBe(200);

    const paid = await eventually(
      () => shopper.order(id, token),
      ({ body }) => body.status === "paid",
    );
    expect(paid.body.payment.captured.amount).toBe(quoted.total);
    const stock = await shop.call<{ onHand: number; held: number }>(
      "GET",
      "/ops/v1/inventory/MUG-1",
    );
    expect(stock.body).toMatchObject({ onHand: 8, held: 0 });
    const mails = await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length > 0,
    );
    expect(mails).toHaveLength(1);
    const kinds = (await shop.ledger(quoted.checkoutId)).map(({ kind }) => kind);
    expect(kinds).toEqual(["authorize", "capture"]);
    const cart = await shop.call<{ lines: unknown[] }>("GET", "/api/v2/cart", {
      headers: { "Cart-Token": shopper.cartToken },
    });
    expect(cart.body.lines).toEqual([]);
  });

  it("that is cancelled is refunded once, with the stock back and one mail about it", async ({
    expect,
  }) => {
    await shop.sell("LAMP-1", { price: "40.00", stock: 5 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("LAMP-1");
    const { id, token } = (await shopper.pay(quoted)).body.order;
    // A cancellation that overtakes the confirmation would spare the shopper that mail.
    await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length === 1,
    );
    const cancel = () =>
      shop.call("POST", `/api/v2/order/${id}/cancel`, {
        body: { reason: "changed my mind" },
        headers: { "Order-Token": token, "Idempotency-Key": `cancel-${id}` },
      });
    const cancelled = await Promise.all(Array.from({ length: 10 }, cancel));
    const statuses = cancelled.map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);

    const refunded = await eventually(
      () => shopper.order(id, token),
      ({ body }) => body.payment.status === "refunded",
    );
    expect(refunded.body).toMatchObject({
      status: "cancelled",
      payment: { refunded: { amount: quoted.total } },
    });
    await eventually(
      () => shop.call<{ onHand: number }>("GET", "/ops/v1/inventory/LAMP-1"),
      ({ body }) => body.onHand === 5,
    );
    await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length === 2,
    );
    const ledger = await shop.ledger(quoted.checkoutId);
    expect(ledger.filter(({ kind }) => kind === "refund")).toHaveLength(1);
    expect(await shop.mails(shopper.email)).toHaveLength(2);
  });
});
