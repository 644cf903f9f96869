import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LINES_MAX, type StoredCart } from "../../src/cart/model.ts";
import { planMerge } from "../../src/cart/plan-merge.ts";
import { CODES_MAX } from "../../src/promotions/index.ts";
import { CartId, LineId, Sku, VoucherId } from "../../src/shared/ids.ts";
import { QUANTITY_MAX } from "../../src/shared/quantity.ts";

let made = 0;
const line = (sku: string, quantity: number) => {
  made += 1;
  return { lineId: LineId.parse(`lin_${made}`), sku: Sku.parse(sku), quantity };
};
const cart = (more: Partial<StoredCart> = {}): StoredCart => ({
  cartId: CartId.parse("crt_1"),
  version: 4,
  currency: "USD",
  mode: "standard",
  postalCode: null,
  lines: [],
  coupons: [],
  vouchers: [],
  ...more,
});
const units = ({ lines }: Pick<StoredCart, "lines">) =>
  Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity]));

const skus = fc.constantFrom(..."ABCDEFGH");
const anyLines = fc
  .uniqueArray(fc.tuple(skus, fc.integer({ min: 1, max: QUANTITY_MAX })), {
    selector: ([sku]) => sku,
  })
  .map((pairs) => pairs.map(([sku, quantity]) => line(sku, quantity)));

describe("merging a guest's cart into a shopper's", () => {
  it("sums each SKU up to what a line may hold, and makes no second line of one", () => {
    fc.assert(
      fc.property(anyLines, anyLines, (own, more) => {
        const merged = planMerge(cart({ lines: own }), cart({ lines: more }));
        if (!merged.ok) throw new Error("eight SKUs fit");
        const [mine, theirs] = [units({ lines: own }), units({ lines: more })];
        const names = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
        const expected = [...names].map((sku) => [
          sku,
          Math.min((mine[sku] ?? 0) + (theirs[sku] ?? 0), QUANTITY_MAX),
        ]);
        expect(units(merged.value)).toEqual(Object.fromEntries(expected));
        expect(merged.value.lines).toHaveLength(names.size);
        // What a front end knows by its id is still there under that id.
        expect(merged.value.lines.map(({ lineId }) => lineId)).toEqual(
          expect.arrayContaining(own.map(({ lineId }) => lineId)),
        );
      }),
    );
  });

  it("takes all lines or none", () => {
    const full = Array.from({ length: LINES_MAX }, (_, at) => line(`S${at}`, 1));
    expect(planMerge(cart({ lines: full }), cart({ lines: [line("NEW", 1)] }))).toEqual({
      ok: false,
      error: { code: "line_limit", max: LINES_MAX },
    });
    expect(planMerge(cart({ lines: full }), cart({ lines: [line("S7", 2)] })).ok).toBe(true);
  });

  it("joins the codes, the shopper's own first, each once and no more than a cart holds", () => {
    const voucher = (name: string) => ({ voucherId: VoucherId.parse(`vou_${name}`), mask: name });
    const own = cart({ coupons: ["A", "B", "C", "D"], vouchers: [voucher("1")] });
    const from = cart({ coupons: ["B", "E", "F"], vouchers: [voucher("1"), voucher("2")] });
    const merged = planMerge(own, from);
    if (!merged.ok) throw new Error("no lines, no limit");
    expect(merged.value.coupons).toEqual(["A", "B", "C", "D", "E"]);
    expect(merged.value.coupons).toHaveLength(CODES_MAX);
    expect(merged.value.vouchers).toEqual([voucher("1"), voucher("2")]);
  });

  it("keeps the shopper's way of delivery, unless their cart is new", () => {
    const from = cart({ mode: "hyperlocal", postalCode: "97201" });
    expect(planMerge(cart(), from)).toMatchObject({ value: { mode: "standard", version: 5 } });
    expect(planMerge(cart({ version: 0 }), from)).toMatchObject({
      value: { mode: "hyperlocal", postalCode: "97201", version: 1 },
    });
  });
});
