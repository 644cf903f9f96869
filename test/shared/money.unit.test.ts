import fc from "fast-check";
import { describe, it } from "vitest";
import {
  Currency,
  decimalsOf,
  formatMoney,
  MINOR_MAX,
  type Minor,
  Money,
  minor,
  multiply,
  parseMinor,
  prorate,
  sumMinor,
} from "../../src/shared/money.ts";

const amount = fc.integer({ min: 0, max: 100_000_000 }).map(minor);
const cart = fc
  .array(amount, { minLength: 1, maxLength: 30 })
  .chain((lines) =>
    fc.record({ lines: fc.constant(lines), discount: fc.nat(sumMinor(lines)).map(minor) }),
  );
const currency = fc.constantFrom(...Currency.options);

describe("prorate", () => {
  const check = (holds: (shares: Minor[], lines: Minor[], discount: Minor) => boolean) =>
    fc.assert(
      fc.property(cart, ({ lines, discount }) => holds(prorate(discount, lines), lines, discount)),
      { seed: 3, numRuns: 2_000 },
    );

  it("39 · gives away the discount exactly", () => {
    check((shares, _, discount) => sumMinor(shares) === discount);
  });

  it("takes from no line more than it has, and never adds to one", () => {
    check((shares, lines) => shares.every((share, i) => share >= 0 && share <= lines[i]!));
  });

  it("stays within one unit of the fair share", () => {
    check((shares, lines, discount) => {
      const total = sumMinor(lines);
      return (
        total === 0 || shares.every((s, i) => Math.abs(s - (discount * lines[i]!) / total) < 1)
      );
    });
  });

  it("gives leftovers to the largest remainders, and ties to the earlier line", ({ expect }) => {
    expect(
      prorate(
        minor(100),
        [minor(1), minor(1), minor(1)].map((m) => multiply(m, 100)),
      ),
    ).toEqual([34, 33, 33]);
    expect(prorate(minor(1), [minor(10), minor(90)])).toEqual([0, 1]);
  });

  it("stays exact where cents times cents pass 2^53", ({ expect }) => {
    const lines = [minor(MINOR_MAX), minor(MINOR_MAX)];
    expect(prorate(minor(MINOR_MAX), lines)).toEqual([500_000_000_000, 499_999_999_999]);
  });

  it.for([-1, 3])("refuses %i off a cart of 2", (discount, { expect }) => {
    expect(() => prorate(minor(discount), [minor(2)])).toThrow("discount outside the cart total");
  });
});

describe("parseMinor", () => {
  it("39 · reads back what formatMoney writes, in every currency", () => {
    fc.assert(
      fc.property(fc.nat(MINOR_MAX), currency, (value, code) => {
        const text = formatMoney({ amount: value, currency: code }).replace(` ${code}`, "");
        return parseMinor(text, code) === value;
      }),
      { seed: 4, numRuns: 2_000 },
    );
  });

  it.for([
    ["19.99", "USD", 1999],
    ["5", "USD", 500],
    [".5", "USD", 50],
    [" 7.10 ", "USD", 710],
    ["19.990000", "USD", 1999],
    ["1200", "JPY", 1200],
    ["1.234", "KWD", 1234],
    ["0.07", "USD", 7],
  ] as const)("reads %j as %s: %i", ([text, code, value], { expect }) => {
    expect(parseMinor(text, code)).toBe(value);
  });

  it.for([
    "",
    ".",
    "-1",
    "+1",
    "1,50",
    "1e3",
    "0x1",
    "1.",
    "$1",
    "1.005",
    "NaN",
    "9".repeat(13),
    "١",
  ])("does not take %j for dollars", (text, { expect }) => {
    expect(parseMinor(text, "USD")).toBeUndefined();
  });

  it("knows only currencies that it was told of", ({ expect }) => {
    expect(() => parseMinor("1", "XXX")).toThrow("XXX");
    expect(decimalsOf("BHD")).toBe(3);
  });
});

describe("Money", () => {
  it.for([1.5, Number.NaN, Number.POSITIVE_INFINITY, MINOR_MAX + 1, -MINOR_MAX - 1, "1"])(
    "is never %j",
    (value, { expect }) => {
      expect(Money.safeParse({ amount: value, currency: "USD" }).success).toBe(false);
    },
  );

  it("is asserted where it is made", ({ expect }) => {
    expect(() => minor(0.1 + 0.2)).toThrow("integer");
    expect(() => multiply(Number.MAX_SAFE_INTEGER, 2)).toThrow("integer");
    expect(formatMoney({ amount: -5, currency: "USD" })).toBe("-0.05 USD");
  });
});
