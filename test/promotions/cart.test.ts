import { describe, expect, it } from "vitest";
import { call, roundTrips } from "../support/worker-shop.ts";
import {
  balanceOf,
  buffered,
  type Cart,
  coupon,
  ops,
  ownCode,
  type Refused,
  shopper,
  usd,
  voucher,
} from "./purchase.ts";

describe("a coupon in a cart", () => {
  it("takes off what it says, on the line too, and is shown by every later answer", async () => {
    const code = await coupon();
    const { sku, enter, cart, leave } = await shopper({ quantity: 2 });
    await buffered(sku);
    const entered = await enter("coupons", ` ${code.toLowerCase()} `);
    expect(entered.status).toBe(201);
    expect(entered.body).toMatchObject({
      coupons: [{ code, discount: usd(400), freeShipping: false }],
      lines: [{ discount: usd(400) }],
      totals: { subtotal: usd(4_000), discount: usd(400), total: usd(3_600) },
    });
    const read = await cart();
    expect(read.body).toEqual(entered.body);
    // DESIGN §13: a cart with codes costs no more steps than one without.
    expect([roundTrips(read), roundTrips(await enter("coupons", code))]).toEqual([1, 2]);
    const left = await leave("coupons", code);
    expect(left.body).toMatchObject({ coupons: [], totals: { total: usd(4_000) } });
    expect((await leave("coupons", code)).status).toBe(404);
  });

  it.each([
    ["unknown", async () => ownCode()],
    ["expired", () => coupon({ startsAt: "2020-01-01T00:00:00Z", endsAt: "2020-02-01T00:00:00Z" })],
    ["not_started", () => coupon({ startsAt: "2999-01-01T00:00:00Z" })],
    ["minimum_not_reached", () => coupon({ minimumSubtotal: usd(2_001) })],
    [
      "not_applicable",
      () => coupon({ target: { kind: "products", productIds: ["prd_elsewhere"] } }),
    ],
  ] as [string, () => Promise<string>][])(
    "is refused when %s, and changes nothing",
    async (reason, make) => {
      const { enter, cart } = await shopper();
      const before = (await cart()).body;
      const code = await make();
      const refused = await enter<Refused>("coupons", code);
      expect(refused.status).toBe(409);
      expect(refused.body).toMatchObject({ type: "/problems/coupon-refused", code, reason });
      expect((await cart()).body).toEqual(before);
    },
  );

  it("is refused once it is used up", async () => {
    const code = await coupon({ usesMax: 1 });
    const first = await shopper();
    await first.enter("coupons", code);
    expect((await first.pay(await first.validate())).status).toBe(201);
    const late = await (await shopper()).enter<Refused>("coupons", code);
    expect(late.body.reason).toBe("limit_reached");
  });

  it("43 · stays, at nothing, when the cart falls below its minimum", async () => {
    const code = await coupon({ minimumSubtotal: usd(4_000) });
    const { enter, cart, headers } = await shopper({ quantity: 2 });
    await enter("coupons", code);
    const { lines } = (await cart()).body;
    const path = `/api/v2/cart/lines/${lines[0]?.id}`;
    const changed = await call<Cart>("PATCH", path, { body: { quantity: 1 }, headers });
    expect(changed.body.coupons).toMatchObject([
      { code, discount: usd(0), reason: "minimum_not_reached" },
    ]);
    expect(changed.body.totals.total).toEqual(usd(2_000));
  });

  it("says which of two codes gives way", async () => {
    const [ten, half] = await Promise.all([
      coupon(),
      coupon({ stacking: "exclusive", effect: { kind: "percentage", basisPoints: 5_000 } }),
    ]);
    const { enter } = await shopper();
    await enter("coupons", ten);
    const both = (await enter("coupons", half)).body;
    expect(both.totals.discount).toEqual(usd(1_000));
    expect(both.coupons.find(({ code }) => code === ten)?.reason).toBe("not_combinable");
  });

  it("applies a rule without a code by itself", async () => {
    const { sku, headers } = await shopper();
    const product = await call<{ id: string }>("GET", `/api/v2/products/${sku.toLowerCase()}`);
    await ops("POST", "/promotions", {
      title: "Two for one",
      effect: { kind: "buy_x_get_y", buyQuantity: 1, getQuantity: 1, basisPoints: 10_000 },
      target: { kind: "products", productIds: [product.body.id] },
    });
    const body = { sku, quantity: 2 };
    const cart = await call<Cart>("POST", "/api/v2/cart/lines", { body, headers });
    expect(cart.body.promotions).toEqual([
      { title: "Two for one", discount: usd(2_000), freeShipping: false },
    ]);
    expect(cart.body.totals.total).toEqual(usd(4_000));
  });

  it("answers a repeat with the same bytes", async () => {
    const code = await coupon();
    const { headers } = await shopper();
    const once = () =>
      call("POST", "/api/v2/cart/coupons", {
        body: { code },
        headers: { ...headers, "Idempotency-Key": "coupon" },
      });
    const first = await once();
    const again = await once();
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
  });

  it("knows no more than five codes", async () => {
    const codes = await Promise.all(Array.from({ length: 6 }, () => coupon()));
    const { enter } = await shopper();
    for (const code of codes.slice(0, 5)) expect((await enter("coupons", code)).status).toBe(201);
    const sixth = await enter<Refused>("coupons", codes[5]!);
    expect([sixth.status, sixth.body.type]).toEqual([409, "/problems/cart-limit"]);
  });

  it("refuses what cannot be a code, and a code that is to leave no cart", async () => {
    const { enter } = await shopper();
    expect((await enter("coupons", "a b")).status).toBe(422);
    expect((await call("DELETE", "/api/v2/cart/coupons/SALE")).status).toBe(404);
  });
});

describe("a voucher in a cart", () => {
  it("shows its balance and never its code, and can be taken out by its id", async () => {
    const gift = await voucher(5_000);
    const { sku, enter, leave, cart } = await shopper();
    await buffered(sku);
    const entered = await enter("vouchers", gift.code.toLowerCase().replaceAll("-", " "));
    expect(entered.status).toBe(201);
    const mask = `••••${gift.code.slice(-4)}`;
    expect(entered.body.vouchers).toEqual([{ id: gift.id, code: mask, balance: usd(5_000) }]);
    expect(entered.body.totals.total).toEqual(usd(2_000));
    const read = await cart();
    expect([roundTrips(read), JSON.stringify(read.body).includes(gift.code)]).toEqual([1, false]);
    expect((await leave("vouchers", gift.id)).body.vouchers).toEqual([]);
    expect(await balanceOf(gift.code)).toBe(5_000);
  });

  it("is refused when there is none, with the same shape as a coupon", async () => {
    const { enter } = await shopper();
    const refused = await enter<Refused>("vouchers", "ABCD-EFGH-JKMN-PQRS-TVWX");
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      type: "/problems/voucher-refused",
      code: "••••TVWX",
      reason: "unknown",
    });
  });
});
