import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CouponCode } from "../../src/promotions/model.ts";
import { call, roundTrips } from "../support/worker-shop.ts";
import { balanceOf, coupon, type Money, shopper, usd, voucher } from "./purchase.ts";

const usesOf = async (code: string) =>
  (await env.COUPON.getByName(CouponCode.parse(code)).usage(undefined)).uses;
const stockOf = (sku: string) => env.SKU_STOCK.getByName(sku).view();

describe("a purchase with a coupon and a voucher", () => {
  it("adds up, charges the rest, and uses both up once", async () => {
    const [code, gift] = [await coupon({ usesMax: 1 }), await voucher(500)];
    const { enter, validate, pay, cart } = await shopper({ quantity: 2 });
    await enter("coupons", code);
    await enter("vouchers", gift.code);
    const validated = await validate({ region: "NY" });
    const { totals, amountDue, lines } = validated.quote;
    // 40.00 less 10 % is 36.00; 4 % of that is 1.44; shipping is 4.99; the voucher pays 5.00.
    expect(totals).toEqual({
      subtotal: usd(4_000),
      discount: usd(400),
      shipping: usd(499),
      tax: usd(144),
      voucher: usd(500),
      total: usd(3_743),
    });
    expect(amountDue).toEqual(totals.total);
    expect(lines).toMatchObject([{ total: usd(4_000), discount: usd(400), tax: usd(144) }]);

    const placed = await pay(validated);
    expect([placed.status, placed.body.order.total]).toEqual([201, usd(3_743)]);
    // DESIGN §13: one step more than without codes.
    expect(roundTrips(placed)).toBeLessThanOrEqual(6);
    expect([await usesOf(code), await balanceOf(gift.code)]).toEqual([1, 0]);
    const { id, token } = placed.body.order;
    const order = await call<Record<string, unknown>>("GET", `/api/v2/order/${id}`, {
      headers: { "Order-Token": token },
    });
    expect(order.body).toMatchObject({
      totals,
      promotions: [{ code, discount: usd(400) }],
      vouchers: [{ id: gift.id, amount: usd(500) }],
    });
    expect(JSON.stringify(order.body)).not.toContain(gift.code);
    const left = (await cart()).body;
    expect([left.lines, left.coupons, left.vouchers]).toEqual([[], [], []]);
  });

  it("asks no processor when vouchers pay for everything", async () => {
    const gift = await voucher(10_000);
    const { enter, validate, pay } = await shopper();
    await enter("vouchers", gift.code);
    const validated = await validate();
    expect(validated.quote.amountDue).toEqual(usd(0));
    const placed = await pay(validated, { token: null });
    expect([placed.status, placed.body.order.total]).toEqual([201, usd(0)]);
    expect(placed.headers.get("Server-Timing")).not.toContain("processor");
    expect(await balanceOf(gift.code)).toBe(10_000 - 2_499);
  });

  it("wants a payment when something is left to pay", async () => {
    const { validate, pay } = await shopper();
    const validated = await validate();
    const refused = await pay(validated, { key: "k", token: null });
    expect(refused.status).toBe(422);
    expect((await pay(validated, { key: "k2" })).status).toBe(201);
  });

  it("gives everything back when the card is declined", async () => {
    const [code, gift] = [await coupon({ usesMax: 1 }), await voucher(500)];
    const { sku, enter, validate, pay, cart } = await shopper();
    await enter("coupons", code);
    await enter("vouchers", gift.code);
    const declined = await pay(await validate(), { token: "tok_declined" });
    expect(declined.status).toBe(402);
    expect([await usesOf(code), await balanceOf(gift.code)]).toEqual([0, 500]);
    expect(await stockOf(sku)).toMatchObject({ onHand: 1_000, held: 0 });
    expect((await cart()).body).toMatchObject({ coupons: [{ code }], vouchers: [{ id: gift.id }] });
    expect((await pay(await validate())).status).toBe(201);
    expect([await usesOf(code), await balanceOf(gift.code)]).toEqual([1, 0]);
  });

  it("refuses a quote whose coupon has ended since, and shows the new one", async () => {
    const code = await coupon();
    const { enter, validate, pay } = await shopper();
    await enter("coupons", code);
    const validated = await validate();
    const { body } = await call<{ items: { id: string; code: string }[] }>(
      "GET",
      "/ops/v1/promotions?limit=100",
    );
    const { id } = body.items.find((each) => each.code === code)!;
    await call("PATCH", `/ops/v1/promotions/${id}`, { body: { active: false } });
    const refused = await pay(validated);
    expect([refused.status, refused.body.type]).toEqual([409, "/problems/quote-changed"]);
    expect(refused.body).toMatchObject({
      quote: { totals: { discount: usd(0) } },
      problems: [{ code: "coupon_refused", refused: code, reason: "expired" }],
    });
  });

  it("44 · refuses a quote when the cart's codes have changed since", async () => {
    const code = await coupon();
    const { enter, leave, validate, pay } = await shopper();
    await enter("coupons", code);
    const validated = await validate();
    await leave("coupons", code);
    expect((await pay(validated)).body.type).toBe("/problems/quote-changed");
  });

  it("counts a shopper's uses by mail address", async () => {
    const code = await coupon({ usesPerShopperMax: 1 });
    const email = `${crypto.randomUUID()}@example.com`;
    const first = await shopper();
    await first.enter("coupons", code);
    expect((await first.pay(await first.validate({ email }))).status).toBe(201);
    const again = await shopper();
    await again.enter("coupons", code);
    const tagged = await again.validate({ email: email.replace("@", "+2@").toUpperCase() });
    expect(tagged.problems).toEqual([
      { code: "coupon_refused", refused: code, reason: "limit_reached" },
    ]);
    expect((await again.validate({ email: `x${email}` })).problems).toEqual([]);
  });
});

describe("racing shoppers", () => {
  it("41 · use a one-use coupon once: 50 checkouts, one order with the discount", async () => {
    const code = await coupon({ usesMax: 1 });
    const { sku } = await shopper();
    const shoppers = await Promise.all(Array.from({ length: 50 }, () => shopper({ sku })));
    for (const { enter } of shoppers) await enter("coupons", code);
    const quotes = await Promise.all(shoppers.map(({ validate }) => validate()));
    expect(new Set(quotes.map(({ quote }) => quote.totals.discount.amount))).toEqual(
      new Set([200]),
    );
    const paid = await Promise.all(shoppers.map(({ pay }, at) => pay(quotes[at]!)));
    expect(paid.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = paid.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(49);
    for (const { body } of refused) {
      expect(body).toMatchObject({
        type: "/problems/quote-changed",
        refused: [{ code, reason: "limit_reached" }],
        quote: { totals: { discount: usd(0) } },
      });
    }
    expect(await usesOf(code)).toBe(1);
    expect(await stockOf(sku)).toMatchObject({ onHand: 999, held: 0 });
  });

  it("42 · spend a voucher once, and whoever came late pays or is told", async () => {
    const gift = await voucher(2_499);
    const { sku } = await shopper();
    const shoppers = await Promise.all(Array.from({ length: 10 }, () => shopper({ sku })));
    for (const { enter } of shoppers) await enter("vouchers", gift.code);
    const quotes = await Promise.all(shoppers.map(({ validate }) => validate()));
    const paid = await Promise.all(
      shoppers.map(({ pay }, at) => pay(quotes[at]!, { token: null })),
    );
    expect(paid.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await balanceOf(gift.code)).toBe(0);
    const { ledger } = (await env.VOUCHER.getByName(gift.id).view())!;
    const spent = ledger.reduce(
      (sum: number, { kind, amount }: { kind: string; amount: number }) =>
        sum + (kind === "redeem" ? amount : kind === "restore" ? -amount : 0),
      0,
    );
    expect(spent).toBe(2_499);
    const late = quotes.findIndex((_, at) => paid[at]?.status === 409);
    const again = await shoppers[late]!.validate();
    expect(again.quote.amountDue satisfies Money).toEqual(usd(2_499));
  });
});
