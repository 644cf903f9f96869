import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shippingOptions } from "../../src/checkout/shipping.ts";
import { SHIPPING_RATES } from "../../src/checkout/shipping-rates.ts";
import { taxQuote } from "../../src/checkout/tax.ts";
import { TAX_RULES } from "../../src/checkout/tax-rates.ts";
import { minor } from "../../src/shared/money.ts";

const line = (netMinor: number, taxable = true) => ({ netMinor, taxable });

describe("taxQuote", () => {
  it("adds tax where prices are without it, by region", () => {
    const to = (region?: string) => taxQuote([line(1_000)], 499, { country: "US", region }).added;
    expect([
      to("NY"),
      to("ny"),
      to("US-NY"),
      to(" New York "),
      to("OR"),
      to(),
      to("Narnia"),
    ]).toEqual([40, 40, 40, 40, 0, 0, 0]);
  });

  it("says what prices contain where they include it, and adds nothing", () => {
    const { added, included, lines } = taxQuote([line(1_190)], 119, { country: "DE" });
    expect([added, included, lines[0]?.included]).toEqual([0, 190 + 19, 190]);
  });

  it("taxes shipping where the place does, and goods only if they are taxable", () => {
    expect(taxQuote([line(1_000)], 100, { country: "CA", region: "ON" }).added).toBe(130 + 13);
    expect(taxQuote([line(1_000, false)], 0, { country: "US", region: "CA" }).added).toBe(0);
  });

  it("rounds half up, per line", () => {
    // 7.25 % of 2.00 is 14.5 cents.
    const { lines, added } = taxQuote([line(200), line(200)], 0, { country: "US", region: "CA" });
    expect([lines.map((each) => each.added), added]).toEqual([[15, 15], 30]);
  });

  it("taxes nothing where it knows no rule", () => {
    expect(taxQuote([line(1_000)], 499, { country: "ZZ" })).toMatchObject({
      added: 0,
      included: 0,
    });
    expect(taxQuote([line(1_000)], 0, { country: "constructor" }).added).toBe(0);
  });

  it("39 · is the exact sum of its parts, and never more than the price", () => {
    const places = Object.entries(TAX_RULES).flatMap(([country, { regions = {} }]) => [
      { country, region: undefined },
      ...Object.keys(regions).map((region) => ({ country, region })),
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 99_999_999_999 }), { maxLength: 9 }),
        fc.constantFrom(...places),
        (nets, place) => {
          const { lines, added, included } = taxQuote(
            nets.map((net) => line(net)),
            0,
            place,
          );
          expect(lines.reduce((sum, each) => sum + each.added, 0)).toBe(added);
          expect(lines.reduce((sum, each) => sum + each.included, 0)).toBe(included);
          for (const [at, each] of lines.entries()) {
            expect(each.added + each.included).toBeLessThanOrEqual(nets[at]!);
          }
        },
      ),
    );
  });
});

describe("shippingOptions", () => {
  const parcel = {
    country: "US",
    worth: minor(2_500),
    grams: 500,
    currency: "USD",
    requiresShipping: true,
    isFree: false,
  };
  const prices = (more: Partial<typeof parcel>) =>
    shippingOptions({ ...parcel, ...more }).map(({ code, price }) => [code, price.amount]);

  it("prices by weight, up to and including a band's limit", () => {
    const standard = (grams: number) => prices({ grams })[0]?.[1];
    expect([10_000, 10_001, 30_000, 30_001].map(standard)).toEqual([499, 1_499, 1_499, 4_999]);
  });

  it("is free from a worth of goods, and where a promotion pays for the first method", () => {
    expect(prices({ worth: minor(7_499) })[0]).toEqual(["standard", 499]);
    expect(prices({ worth: minor(7_500) })).toEqual([
      ["standard", 0],
      ["express", 1_499],
      ["international", 1_999],
    ]);
    expect(prices({ isFree: true })).toEqual([
      ["standard", 0],
      ["express", 1_499],
      ["international", 1_999],
    ]);
    expect(prices({ isFree: true, country: "DE" })).toEqual([["international", 0]]);
  });

  it("asks nothing for goods that are not shipped", () => {
    expect(prices({ requiresShipping: false })).toEqual([["none", 0]]);
  });

  it("has a rate for every weight, everywhere", () => {
    for (const { bands } of SHIPPING_RATES) expect(bands.at(-1)?.upToGrams).toBeNull();
    expect(prices({ country: "ZZ", grams: Number.MAX_SAFE_INTEGER })).toHaveLength(1);
  });
});
