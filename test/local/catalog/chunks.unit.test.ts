import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunks } from "../../../local/catalog/chunks.ts";
import { generatedCsv } from "../../../local/catalog/generated.ts";
import { type CsvFile, readCsv } from "../../../src/catalog/import/csv.ts";
import { readProducts } from "../../../src/catalog/import/read-products.ts";

function read(text: string): CsvFile {
  const file = readCsv(text);
  if (!file.ok) throw new Error(file.error.code);
  return file.value;
}

describe("chunks", () => {
  it("tear no product, lose no row, and know which row each was", () => {
    const rows = fc.array(
      fc.record({
        handle: fc.constantFrom("a", "b", "B ", "c", "d"),
        title: fc.string({ unit: "grapheme" }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    const size = fc.record({
      products: fc.integer({ min: 1, max: 4 }),
      rows: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(rows, size, (given, limit) => {
        const file: CsvFile = {
          columns: ["Handle", "Title", "Variant Price"],
          rows: given.map(({ handle, title }, at) => ({
            row: at + 2,
            cells: [handle, title, "1"],
          })),
          rejected: [],
        };
        const parts = chunks(file, limit);
        const original = new Map(file.rows.map((row) => [row.row, row]));
        for (const part of parts) {
          // Line ends and outer blanks are the parser's to normalise; the row's own number must lead home.
          for (const { row, cells } of read(part.text).rows) {
            expect(cells[0]?.trim()).toBe(original.get(part.rows[row - 2]!)?.cells[0]?.trim());
          }
          expect(
            part.products === 1 ||
              (part.products <= limit.products && part.rows.length <= limit.rows),
          ).toBe(true);
        }
        expect(parts.flatMap((part) => part.rows).sort((a, b) => a - b)).toEqual([
          ...original.keys(),
        ]);
        const handlesOf = (part: { rows: number[] }) =>
          new Set(part.rows.map((row) => original.get(row)!.cells[0]!.trim().toLowerCase()));
        const all = parts.flatMap((part) => [...handlesOf(part)]);
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });
});

describe("generatedCsv", () => {
  const options = { seed: 7, variants: 3, stocked: 5 };

  it("makes valid products that follow from their numbers alone", () => {
    const whole = readProducts(read(generatedCsv({ ...options, from: 0, to: 200 })), "USD");
    const half = readProducts(read(generatedCsv({ ...options, from: 100, to: 200 })), "USD");
    expect(whole.rejected).toEqual([]);
    expect(whole.products).toHaveLength(200);
    const withoutRows = (products: typeof whole.products) =>
      products.map(({ row: _, ...product }) => ({
        ...product,
        variants: product.variants.map(({ row: __, ...variant }) => variant),
      }));
    expect(withoutRows(half.products)).toEqual(withoutRows(whole.products.slice(100)));
    const stocked = whole.products.filter(({ variants }) => variants[0]?.quantity !== null);
    expect(stocked).toHaveLength(5);
  });
});
