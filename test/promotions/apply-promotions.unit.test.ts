import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPromotions } from "../../src/promotions/apply-promotions.ts";
import type { PromotionLine } from "../../src/promotions/discount.ts";
import type { CouponUsage, Effect, Promotion } from "../../src/promotions/model.ts";
import { CategoryId, ProductId } from "../../src/shared/ids.ts";
import { coupon, lineOf, NOW_MS } from "./promotions.ts";

const LINES = [lineOf(1_000, 2), lineOf(500, 1, { productId: "prd_2" })];

const apply = (
  promotions: readonly Promotion[],
  { lines = LINES, usage }: { lines?: readonly PromotionLine[]; usage?: CouponUsage } = {},
) =>
  applyPromotions({
    lines,
    automatic: promotions.filter(({ code }) => code === null),
    coupons: promotions.flatMap((promotion) =>
      promotion.code === null ? [] : [{ code: promotion.code, promotion, usage }],
    ),
    nowMs: NOW_MS,
  });

const amount = (amountMinor: number): Effect => ({ kind: "amount", amountMinor });
const percent = (basisPoints: number): Effect => ({ kind: "percentage", basisPoints });

describe("one promotion", () => {
  it.each<[string, Partial<Promotion>, number[]]>([
    ["takes a percentage off every line", {}, [200, 50]],
    ["rounds a percentage half up, once", { effect: percent(1) }, [0, 0]],
    ["splits an amount exactly", { effect: amount(100) }, [80, 20]],
    ["never takes more than there is", { effect: amount(9_999) }, [2_000, 500]],
    [
      "discounts the products it is for",
      { target: { kind: "products", productIds: [ProductId.parse("prd_2")] } },
      [0, 50],
    ],
  ])("%s", (_name, more, shares) => {
    const { lineDiscounts, refused } = apply([coupon(more)]);
    expect(lineDiscounts).toEqual(shares);
    expect(refused).toEqual(shares.some((share) => share > 0) ? [] : [expect.anything()]);
  });

  it("discounts the categories it is for", () => {
    const categoryIds = [CategoryId.parse("cat_1")];
    const lines = [lineOf(1_000), lineOf(1_000, 1, { categoryIds })];
    const target = { kind: "categories", categoryIds } as const;
    expect(apply([coupon({ target })], { lines }).lineDiscounts).toEqual([0, 100]);
  });

  it("makes shipping free without touching a line", () => {
    const { freeShipping, discount, refused } = apply([
      coupon({ effect: { kind: "free_shipping" } }),
    ]);
    expect([freeShipping, discount, refused]).toEqual([true, 0, []]);
  });

  it("gives Y of each X + Y units, the cheapest of them", () => {
    const effect: Effect = {
      kind: "buy_x_get_y",
      buyQuantity: 2,
      getQuantity: 1,
      basisPoints: 10_000,
    };
    const given = (lines: readonly PromotionLine[]) => apply([coupon({ effect })], { lines });
    expect(given(LINES).lineDiscounts).toEqual([0, 500]);
    expect(given([lineOf(1_000, 7)]).lineDiscounts).toEqual([2_000]);
    expect(given([lineOf(1_000, 2)]).refused).toEqual([{ code: "TEN", reason: "not_applicable" }]);
  });
});

describe("a code that does nothing says why", () => {
  it.each<[string, Partial<Promotion>, CouponUsage | undefined]>([
    ["expired", { endsAtMs: NOW_MS }, undefined],
    ["expired", { active: false }, undefined],
    ["not_started", { startsAtMs: NOW_MS + 1 }, undefined],
    ["minimum_not_reached", { minimumSubtotalMinor: 2_501 }, undefined],
    ["limit_reached", { usesMax: 3 }, { uses: 3, usesByShopper: 0 }],
    ["limit_reached", { usesPerShopperMax: 1 }, { uses: 1, usesByShopper: 1 }],
    [
      "not_applicable",
      { target: { kind: "products", productIds: [ProductId.parse("prd_9")] } },
      undefined,
    ],
  ])("%s", (reason, more, usage) => {
    const { refused, discount } = apply([coupon(more)], usage ? { usage } : {});
    expect(refused).toEqual([{ code: "TEN", reason }]);
    expect(discount).toBe(0);
  });

  it("unknown", () => {
    const coupons = [{ code: "NOPE", promotion: undefined }];
    const { refused } = applyPromotions({ lines: LINES, automatic: [], coupons, nowMs: NOW_MS });
    expect(refused).toEqual([{ code: "NOPE", reason: "unknown" }]);
  });

  it("applies up to its last moment and at exactly its minimum", () => {
    const more = { startsAtMs: NOW_MS, endsAtMs: NOW_MS + 1, minimumSubtotalMinor: 2_500 };
    const usage = { uses: 2, usesByShopper: 0 };
    expect(apply([coupon({ ...more, usesMax: 3 })], { usage }).refused).toEqual([]);
  });
});

describe("several promotions", () => {
  it("combine: units, then percentages of the rest, then amounts", () => {
    const both = [
      coupon({ id: "prm_1", code: "FIVE", effect: amount(500) }),
      coupon({ id: "prm_2", code: null, effect: percent(5_000) }),
    ];
    expect(apply(both).discount).toBe(1_250 + 500);
  });

  it("gives the exclusive one alone when it takes off more, and refuses the others", () => {
    const both = [
      coupon({ id: "prm_1" }),
      coupon({ id: "prm_2", code: "HALF", stacking: "exclusive", effect: percent(5_000) }),
    ];
    const { discount, refused, applied } = apply(both);
    expect([discount, applied.map(({ code }) => code)]).toEqual([1_250, ["HALF"]]);
    expect(refused).toEqual([{ code: "TEN", reason: "not_combinable" }]);
  });

  it("refuses the exclusive one when the others take off more together", () => {
    const all = [
      coupon({ id: "prm_1" }),
      coupon({ id: "prm_2", code: null, effect: percent(1_000) }),
      coupon({ id: "prm_3", code: "ALONE", stacking: "exclusive", effect: percent(1_500) }),
    ];
    expect(apply(all).refused).toEqual([{ code: "ALONE", reason: "not_combinable" }]);
  });
});

const effects: fc.Arbitrary<Effect> = fc.oneof(
  fc.integer({ min: 1, max: 10_000 }).map(percent),
  fc.integer({ min: 1, max: 1_000_000_000 }).map(amount),
  fc.constant<Effect>({ kind: "free_shipping" }),
  fc.record({
    kind: fc.constant("buy_x_get_y" as const),
    buyQuantity: fc.integer({ min: 1, max: 4 }),
    getQuantity: fc.integer({ min: 1, max: 4 }),
    basisPoints: fc.integer({ min: 1, max: 10_000 }),
  }),
);
const promotions = fc
  .array(
    fc.record({
      effect: effects,
      stacking: fc.constantFrom("exclusive" as const, "combinable" as const),
      minimumSubtotalMinor: fc.constantFrom(0, 5_000),
      hasCode: fc.boolean(),
      isTargeted: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((all) =>
    all.map(({ hasCode, isTargeted, ...rest }, at) =>
      coupon({
        ...rest,
        id: `prm_${at}`,
        code: hasCode ? `CODE${at}` : null,
        target: isTargeted
          ? { kind: "products", productIds: [ProductId.parse("prd_1")] }
          : { kind: "all" },
      }),
    ),
  );
const lines = fc.array(
  fc
    .tuple(
      fc.integer({ min: 0, max: 100_000_000 }),
      fc.integer({ min: 1, max: 999 }),
      fc.constantFrom("prd_1", "prd_2"),
    )
    .map(([unit, quantity, productId]) => lineOf(unit, quantity, { productId })),
  { maxLength: 8 },
);

describe("whatever is in the cart", () => {
  it("sums exactly, leaves no line below zero, and answers for every code", () => {
    fc.assert(
      fc.property(promotions, lines, (all, cart) => {
        const { lineDiscounts, discount, applied, refused } = apply(all, { lines: cart });
        const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
        expect(sum(lineDiscounts)).toBe(discount);
        expect(sum(applied.map((each) => each.discount))).toBe(discount);
        for (const [at, share] of lineDiscounts.entries()) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(cart[at]!.unitMinor * cart[at]!.quantity);
        }
        const codes = all.flatMap(({ code }) => code ?? []);
        const told = [...applied.flatMap(({ code }) => code ?? []), ...refused.map((r) => r.code)];
        expect(told.sort()).toEqual(codes.sort());
      }),
      { numRuns: 1_000 },
    );
  });

  it("does not depend on the order of the promotions", () => {
    const shuffled = promotions.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, lines, ([all, other], cart) => {
        expect(apply(other, { lines: cart })).toEqual(apply(all, { lines: cart }));
      }),
      { numRuns: 500 },
    );
  });

  it("43 · keeps its rules when a line leaves: a minimum that is missed is said, nothing is taken off twice", () => {
    fc.assert(
      fc.property(promotions, lines, (all, cart) => {
        for (const at of cart.keys()) {
          const rest = cart.filter((_, other) => other !== at);
          const subtotal = rest.reduce((sum, each) => sum + each.unitMinor * each.quantity, 0);
          const { applied, refused, discount } = apply(all, { lines: rest });
          expect(discount).toBeLessThanOrEqual(subtotal);
          for (const { id, code, minimumSubtotalMinor } of all) {
            if (minimumSubtotalMinor <= subtotal) continue;
            expect(applied.some(({ promotionId }) => promotionId === id)).toBe(false);
            if (code) expect(refused).toContainEqual({ code, reason: "minimum_not_reached" });
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
