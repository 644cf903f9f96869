import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellsAt, cellsOf } from "../../src/catalog/price-cells.ts";
import { MINOR_MAX } from "../../src/shared/money.ts";

const price = fc.oneof(fc.nat({ max: 70 }), fc.nat({ max: 100_000 }), fc.nat({ max: MINOR_MAX }));
const meets = (stretch: string[], at: number) => cellsAt(at).some((cell) => stretch.includes(cell));

describe("the cells of prices", () => {
  it("of a stretch hold every price in it", () => {
    fc.assert(
      fc.property(price, price, price, (a, b, c) => {
        const [from, at, to] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
        expect(meets(cellsOf(from, to), at)).toBe(true);
      }),
    );
  });

  it("of a stretch hold nothing that is far from it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 10 ** 8 }),
        fc.integer({ min: 1_000, max: 10 ** 8 }),
        (from, at) => {
          const to = Math.floor(from * 1.02);
          if (at < from * 0.97 || at > to * 1.03) expect(meets(cellsOf(from, to), at)).toBe(false);
        },
      ),
    );
  });

  it("are few, however wide the stretch", () => {
    expect(cellsOf(0, Number.MAX_SAFE_INTEGER)).toHaveLength(24);
    fc.assert(
      fc.property(price, price, (a, b) => {
        expect(cellsOf(a, b).length).toBeLessThan(56);
      }),
    );
    expect(cellsOf(5, 4)).toEqual([]);
  });
});
