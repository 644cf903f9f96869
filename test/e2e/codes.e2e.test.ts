import { afterAll, beforeAll, describe, it } from "vitest";
import { eventually, startTestShop, type TestShop } from "../support/e2e-shop.ts";
import { Shopper } from "../support/shopper.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop?.stop());

type Voucher = { code: string; balance: { amount: number } };
const usd = (amount: number) => ({ amount, currency: "USD" });

const issue = async (amount: number) =>
  (await shop.call<Voucher>("POST", "/ops/v1/vouchers", { body: { amount: usd(amount) } })).body;
const balanceOf = async (code: string) =>
  (await shop.call<Voucher>("GET", `/ops/v1/vouchers/${code}`)).body.balance.amount;
const enter = ({ cartToken }: Shopper, kind: string, code: string) =>
  shop.call("POST", `/api/v2/cart/${kind}`, {
    body: { code },
    headers: { "Cart-Token": cartToken },
  });
const cancel = (id: string, token: string) =>
  shop.call("POST", `/api/v2/order/${id}/cancel`, {
    body: {},
    headers: { "Order-Token": token, "Idempotency-Key": `cancel-${id}` },
  });

describe("a purchase with codes", () => {
  it("charges the rest, and a cancellation gives every part back the way it came", async ({
    expect,
  }) => {
    await shop.sell("HAT-1", { price: "40.00", stock: 5 });
    const effect = { kind: "amount", amountMinor: 1_000 };
    const body = { code: "ONCE", title: "Ten off", effect, usesMax: 1 };
    await shop.call("POST", "/ops/v1/promotions", { body });
    const gift = await issue(500);

    const shopper = new Shopper(shop);
    await shopper.add("HAT-1");
    expect((await enter(shopper, "coupons", "once")).status).toBe(201);
    expect((await enter(shopper, "vouchers", gift.code)).status).toBe(201);
    const { checkoutId, quote } = (await shopper.validate()).body;
    const total = quote.totals.total.amount;
    expect(total).toBe(4_000 - 1_000 + 499 - 500);
    const quoted = { checkoutId, quoteId: quote.id, cartToken: shopper.cartToken, total };
    const { id, token } = (await shopper.pay(quoted)).body.order;
    const paid = await eventually(
      () => shopper.order(id, token),
      ({ body: order }) => order.status === "paid",
    );
    expect(paid.body.payment.captured.amount).toBe(total);
    expect(await balanceOf(gift.code)).toBe(0);

    expect((await cancel(id, token)).status).toBe(200);
    await eventually(
      () => shopper.order(id, token),
      ({ body: order }) => order.payment.refunded.amount === total,
    );
    await eventually(
      () => balanceOf(gift.code),
      (balance) => balance === 500,
    );
    // The coupon's one use is free again, for anybody.
    const next = new Shopper(shop);
    await next.add("HAT-1");
    expect((await enter(next, "coupons", "ONCE")).status).toBe(201);
  });

  it("that a voucher pays whole is paid, confirmed by mail, and known to no processor", async ({
    expect,
  }) => {
    await shop.sell("CAP-1", { price: "10.00", stock: 5 });
    const gift = await issue(9_000);
    const shopper = new Shopper(shop);
    await shopper.add("CAP-1");
    await enter(shopper, "vouchers", gift.code);
    const { checkoutId, quote } = (await shopper.validate()).body;
    const total = quote.totals.total.amount;
    const quoted = { checkoutId, quoteId: quote.id, cartToken: shopper.cartToken, total };
    const placed = await shopper.pay(quoted);
    expect([placed.status, total]).toEqual([201, 0]);
    const { id, token } = placed.body.order;
    await eventually(
      () => shopper.order(id, token),
      ({ body: order }) => order.status === "paid",
    );
    const [mail] = await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length > 0,
    );
    expect(JSON.stringify(mail)).toContain("Paid by voucher");
    expect(await shop.ledger(checkoutId)).toEqual([]);
    expect(await balanceOf(gift.code)).toBe(9_000 - 1_499);
  });
});
