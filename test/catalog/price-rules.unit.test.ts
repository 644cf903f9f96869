import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  changedBetween,
  isActive,
  nextChangeMs,
  type PriceRule,
  priceUnder,
  rulesFor,
} from "../../src/catalog/price-rules.ts";
import { CategoryId, PriceRuleId, ProductId } from "../../src/shared/ids.ts";
import { MINOR_MAX } from "../../src/shared/money.ts";

const rule = (overrides: Partial<PriceRule> = {}): PriceRule => ({
  id: PriceRuleId.parse("rul_1"),
  kind: "percentage",
  value: 1_000,
  target: "all",
  targetId: null,
  startsAtMs: 100,
  endsAtMs: 200,
  ...overrides,
});
const priced = (rules: PriceRule[], priceMinor: number, compareAtMinor: number | null = null) =>
  priceUnder(rules, { priceMinor, compareAtMinor }, 150);

const rules = fc.record({
  id: fc.nat({ max: 99 }).map((n) => PriceRuleId.parse(`rul_${n}`)),
  kind: fc.constantFrom("percentage" as const, "amount" as const),
  value: fc.integer({ min: 1, max: 10_000 }),
  target: fc.constant("all" as const),
  targetId: fc.constant(null),
  startsAtMs: fc.nat({ max: 300 }),
  endsAtMs: fc.option(fc.nat({ max: 300 })),
});
const prices = fc.oneof(fc.nat({ max: 3_000 }), fc.integer({ min: 0, max: MINOR_MAX }));

describe("priceUnder", () => {
  it("rounds a percentage per unit, half a minor unit up", () => {
    const half = [rule({ value: 5_000 })];
    expect([1, 2, 3, 5].map((price) => priced(half, price).priceMinor)).toEqual([1, 1, 2, 3]);
    expect(priced([rule({ value: 1_250 })], 1_999).priceMinor).toBe(1_749);
    expect(priced([rule({ value: 3_333 })], MINOR_MAX).priceMinor).toBe(666_699_999_999);
    expect(priced([rule({ value: 10_000 })], 1_999).priceMinor).toBe(0);
  });

  it("takes an amount off, never below zero", () => {
    const off = [rule({ kind: "amount", value: 500 })];
    expect([1_999, 500, 499].map((price) => priced(off, price).priceMinor)).toEqual([1_499, 0, 0]);
  });

  it("shows the price before when it is lowered, else the merchant's former price if higher", () => {
    expect(priced([rule()], 1_000, 3_000)).toMatchObject({ compareAtMinor: 1_000 });
    expect(priced([], 1_000, 3_000)).toMatchObject({ compareAtMinor: 3_000, ruleId: undefined });
    expect(priced([], 1_000, 1_000)).toMatchObject({ compareAtMinor: null });
    // A tenth of nothing is nothing off.
    expect(priced([rule()], 4)).toMatchObject({ priceMinor: 4, compareAtMinor: null });
  });

  it("lets the best rule win, alone, and names it", () => {
    const ten = rule();
    const fifty = rule({ id: PriceRuleId.parse("rul_2"), kind: "amount", value: 50 });
    expect(priced([ten, fifty], 1_000)).toMatchObject({ priceMinor: 900, ruleId: "rul_1" });
    expect(priced([ten, fifty], 400)).toMatchObject({ priceMinor: 350, ruleId: "rul_2" });
  });

  it("holds from its start up to its end, the end excluded", () => {
    const at = (nowMs: number) =>
      priceUnder([rule()], { priceMinor: 1_000, compareAtMinor: null }, nowMs).priceMinor;
    expect([99, 100, 199, 200].map(at)).toEqual([1_000, 900, 900, 1_000]);
  });

  it("is a whole number within zero and the price, exact to half a unit, and keeps order", () => {
    fc.assert(
      fc.property(fc.array(rules, { maxLength: 5 }), prices, prices, (all, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const under = priced(all, low).priceMinor;
        expect(Number.isSafeInteger(under)).toBe(true);
        expect(under).toBeGreaterThanOrEqual(0);
        expect(under).toBeLessThanOrEqual(low);
        // What lists show as the lowest price relies on this.
        expect(under).toBeLessThanOrEqual(priced(all, high).priceMinor);
        const exact = all
          .filter((each) => isActive(each, 150) && each.kind === "percentage")
          .map(({ value }) => (BigInt(low) * BigInt(10_000 - value) * 2n + 10_000n) / 20_000n);
        for (const each of exact) expect(BigInt(under)).toBeLessThanOrEqual(each);
      }),
    );
  });
});

describe("when prices change", () => {
  it("is the next start or end, and nothing changes before it", () => {
    fc.assert(
      fc.property(fc.array(rules, { maxLength: 4 }), fc.nat({ max: 320 }), (all, nowMs) => {
        const nextMs = nextChangeMs(all, nowMs) ?? 400;
        expect(nextMs).toBeGreaterThan(nowMs);
        const at = (atMs: number) => all.map((each) => isActive(each, atMs));
        for (let atMs = nowMs; atMs < Math.min(nextMs, 330); atMs += 1) {
          expect(at(atMs)).toEqual(at(nowMs));
        }
        if (nextMs < 400) expect(at(nextMs)).not.toEqual(at(nextMs - 1));
      }),
    );
  });

  it("is found by whoever looks at a stretch of time", () => {
    fc.assert(
      fc.property(rules, fc.nat({ max: 300 }), fc.nat({ max: 100 }), (each, fromMs, lengthMs) => {
        const untilMs = fromMs + lengthMs;
        if (isActive(each, fromMs) !== isActive(each, untilMs)) {
          expect(changedBetween(each, fromMs, untilMs)).toBe(true);
        }
      }),
    );
  });
});

describe("rulesFor", () => {
  it("finds those for all, for the product and for its categories", () => {
    const [product, other] = ["prd_1", "prd_2"].map((id) => ProductId.parse(id));
    const categoryIds = [CategoryId.parse("cat_1")];
    const named = (target: PriceRule["target"], targetId: string | null) =>
      rule({
        target,
        targetId,
        id: PriceRuleId.parse(`rul_${targetId?.replace("_", "") ?? "all"}`),
      });
    const all = [
      named("all", null),
      named("product", product!),
      named("product", other!),
      named("category", "cat_1"),
      named("category", "cat_2"),
    ];
    const found = rulesFor(all, { productId: product!, categoryIds });
    expect(found.map(({ targetId }) => targetId)).toEqual([null, "prd_1", "cat_1"]);
  });
});
