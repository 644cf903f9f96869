import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VariantInfo } from "../../src/catalog/index.ts";
import { STANDARD_DELIVERY } from "../../src/checkout/delivery/plan-shipments.ts";
import type { Quote } from "../../src/checkout/model.ts";
import { draftQuote, isBlocking, type QuoteFacts, sameTerms } from "../../src/checkout/quote.ts";
import type { Promotion, VoucherState } from "../../src/promotions/model.ts";
import { LineId, ProductId, QuoteId, Sku, VariantId } from "../../src/shared/ids.ts";
import { MINOR_MAX, minor } from "../../src/shared/money.ts";
import { coupon, NOW_MS, voucher } from "../promotions/promotions.ts";

type Item = { priceMinor: number; quantity: number; taxable?: boolean; grams?: number };
type Scene = {
  items?: Item[];
  promotions?: Promotion[];
  vouchers?: VoucherState[];
  country?: string;
  region?: string;
  usage?: QuoteFacts["offers"]["usage"];
};

const variantOf = ({ priceMinor, taxable = true, grams = 100 }: Item, at: number): VariantInfo => ({
  sku: Sku.parse(`S${at}`),
  variantId: VariantId.parse(`var_${at}`),
  productId: ProductId.parse(`prd_${at}`),
  categoryIds: [],
  productHandle: `thing-${at}`,
  productTitle: `Thing ${at}`,
  title: `Thing ${at}`,
  priceMinor: minor(priceMinor),
  compareAtMinor: null,
  currency: "USD",
  requiresShipping: true,
  taxable,
  grams,
  imageUrl: null,
  backorder: true,
  published: true,
});

function quoted(scene: Scene) {
  const { items = [{ priceMinor: 2_000, quantity: 1 }], promotions = [], vouchers = [] } = scene;
  const { country = "US", region = "OR", usage = new Map() } = scene;
  const codes = promotions.flatMap(({ code }) => code ?? []);
  return draftQuote({
    quoteId: QuoteId.parse("quo_1"),
    expiresAtMs: NOW_MS,
    currency: "USD",
    lines: items.map(({ quantity }, at) => ({
      lineId: LineId.parse(`lin_${at}`),
      sku: Sku.parse(`S${at}`),
      quantity,
    })),
    coupons: codes,
    vouchers: vouchers.map(({ voucherId }) => voucherId),
    offers: {
      automatic: promotions.filter(({ code }) => code === null),
      coupons: new Map(promotions.map((promotion) => [promotion.code ?? "", promotion])),
      usage,
      vouchers: new Map(vouchers.map((state) => [state.voucherId, state])),
      atMs: NOW_MS,
    },
    shopper: "mail:ada",
    contact: {
      shippingAddress: { name: "A", line1: "1", city: "C", region, postalCode: "1", country },
    },
    variants: new Map(items.map((item, at) => [Sku.parse(`S${at}`), variantOf(item, at)])),
    stock: new Map(
      items.map((_, at) => {
        const sku = Sku.parse(`S${at}`);
        return [sku, { sku, available: 0, backorder: true }];
      }),
    ),
    delivery: STANDARD_DELIVERY,
    previous: undefined,
  });
}

const amounts = ({ totals }: Quote) => {
  const { subtotal, discount, shipping, tax, voucher: paid, total } = totals;
  return [subtotal, discount, shipping, tax, paid, total].map((each) => each?.amount ?? 0);
};

describe("draftQuote", () => {
  it("adds goods, shipping and tax, and takes off discounts and vouchers", () => {
    const { quote, redemptions } = quoted({
      items: [{ priceMinor: 1_000, quantity: 2 }],
      promotions: [coupon({ usesMax: 3 })],
      vouchers: [voucher("vou_1", { balanceMinor: 100 })],
      region: "CA",
    });
    // 7.25 % of 18.00 is 130.5 cents.
    expect(amounts(quote)).toEqual([2_000, 200, 499, 131, 100, 2_330]);
    expect(quote.amountDue).toEqual(quote.totals.total);
    expect(redemptions).toEqual({
      shopper: "mail:ada",
      coupons: [{ code: "TEN", usesMax: 3, usesPerShopperMax: null }],
      vouchers: [{ voucherId: "vou_1", mask: "••••AAAA", amountMinor: 100 }],
    });
  });

  it("measures free shipping by what is left after discounts, and lets a promotion pay for it", () => {
    const items = [{ priceMinor: 8_000, quantity: 1 }];
    const free = coupon({ effect: { kind: "free_shipping" } });
    expect(quoted({ items }).quote.totals.shipping.amount).toBe(0);
    expect(quoted({ items, promotions: [coupon()] }).quote.totals.shipping.amount).toBe(499);
    expect(quoted({ promotions: [free] }).quote.totals.shipping.amount).toBe(0);
  });

  it("says what the price contains where tax is included, and charges the price", () => {
    const { totals, lines } = quoted({ country: "DE", region: "" }).quote;
    expect([totals.tax.amount, totals.total.amount]).toEqual([0, 2_000 + 1_999]);
    expect(lines[0]?.taxIncluded?.amount).toBe(319);
    expect(totals.taxIncluded?.amount).toBe(319 + 319);
  });

  it("names a code that does nothing, and stops nobody for it", () => {
    const usage = new Map([["TEN", { uses: 1, usesByShopper: 1 }]]);
    const { problems, redemptions } = quoted({
      promotions: [coupon({ usesMax: 1 })],
      vouchers: [voucher("vou_1", { balanceMinor: 0 })],
      usage,
    });
    expect(problems).toEqual([
      { code: "coupon_refused", refused: "TEN", reason: "limit_reached" },
      { code: "voucher_refused", refused: "••••AAAA", reason: "limit_reached" },
    ]);
    expect(problems.some(isBlocking)).toBe(false);
    expect(redemptions).toMatchObject({ coupons: [], vouchers: [] });
  });

  it("38 · stops before a total that no processor would take", () => {
    const items = [{ priceMinor: MINOR_MAX, quantity: 1 }];
    expect(quoted({ items }).problems).toEqual([]);
    expect(quoted({ items, region: "CA" }).problems).toEqual([{ code: "total_limit" }]);
  });

  it("adds up to the last minor unit, whatever is in it", () => {
    const item = fc.record({
      priceMinor: fc.integer({ min: 0, max: 5_000_000 }),
      quantity: fc.integer({ min: 1, max: 99 }),
      taxable: fc.boolean(),
      grams: fc.integer({ min: 0, max: 40_000 }),
    });
    const effect = fc.oneof(
      fc.record({
        kind: fc.constant("percentage" as const),
        basisPoints: fc.integer({ min: 1, max: 10_000 }),
      }),
      fc.record({
        kind: fc.constant("amount" as const),
        amountMinor: fc.integer({ min: 1, max: 9_000_000 }),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 6 }),
        fc.array(effect, { maxLength: 3 }),
        fc.array(fc.integer({ min: 0, max: 900_000 }), { maxLength: 3 }),
        fc.constantFrom(["US", "CA"], ["US", "OR"], ["CA", "QC"], ["DE", ""], ["ZZ", ""]),
        (items, effects, balances, [country = "", region = ""]) => {
          const { quote } = quoted({
            items,
            promotions: effects.map((each, at) =>
              coupon({ id: `prm_${at}`, code: `C${at}`, effect: each }),
            ),
            vouchers: balances.map((balanceMinor, at) => voucher(`vou_${at}`, { balanceMinor })),
            country,
            region,
          });
          const [subtotal = 0, discount = 0, shipping = 0, tax = 0, paid = 0, total = 0] =
            amounts(quote);
          expect(subtotal - discount + shipping + tax - paid).toBe(total);
          expect(total).toBeGreaterThanOrEqual(0);
          const sum = (part: "total" | "discount" | "tax") =>
            quote.lines.reduce((all, line) => all + (line[part]?.amount ?? 0), 0);
          expect([sum("total"), sum("discount")]).toEqual([subtotal, discount]);
          expect(sum("tax")).toBeLessThanOrEqual(tax);
          expect(quote.vouchers.reduce((all, { amount }) => all + amount.amount, 0)).toBe(paid);
        },
      ),
    );
  });
});

describe("sameTerms", () => {
  const base = { promotions: [coupon()], vouchers: [voucher("vou_1", { balanceMinor: 100 })] };

  it.each<[string, Scene]>([
    [
      "another discount",
      { ...base, promotions: [coupon({ effect: { kind: "amount", amountMinor: 1 } })] },
    ],
    ["another promotion of the same worth", { ...base, promotions: [coupon({ id: "prm_2" })] }],
    ["less from a voucher", { ...base, vouchers: [voucher("vou_1", { balanceMinor: 99 })] }],
    ["another tax", { ...base, region: "NY" }],
  ])("are not the same with %s", (_name, other) => {
    expect(sameTerms(quoted(base).quote, quoted(base).quote)).toBe(true);
    expect(sameTerms(quoted(base).quote, quoted(other).quote)).toBe(false);
  });
});
