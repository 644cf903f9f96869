import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeCsv, readCsv } from "../../src/catalog/import/csv.ts";
import { readProducts } from "../../src/catalog/import/read-products.ts";
import { MEDIA_NAME } from "../../src/catalog/media.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
const IMAGE_BYTES_MAX = 3_000;

function sample() {
  const text = decodeCsv(readFileSync(join(SAMPLES, "catalog.csv")));
  const file = text.ok ? readCsv(text.value) : text;
  if (!file.ok) throw new Error(file.error.message);
  return readProducts(file.value, "USD");
}

describe("the sample catalogue", () => {
  const { products, rejected } = sample();
  const variants = products.flatMap((product) => product.variants);

  it("goes in whole, and is enough of a shop to try everything on", () => {
    expect(rejected).toEqual([]);
    expect(products.length).toBeGreaterThanOrEqual(120);
    expect(
      new Set(products.flatMap(({ categories }) => categories.map(({ handle }) => handle))).size,
    ).toBe(6);
    expect(new Set(products.map(({ descriptionHtml }) => descriptionHtml)).size).toBeGreaterThan(
      20,
    );
    expect(variants.some(({ quantity, backorder }) => quantity === 0 && !backorder)).toBe(true);
    expect(variants.some(({ quantity, backorder }) => quantity === 0 && backorder)).toBe(true);
    expect(variants.some(({ compareAtMinor }) => compareAtMinor !== null)).toBe(true);
    expect(products.some(({ optionNames }) => optionNames.length === 2)).toBe(true);
    expect(products.some(({ optionNames }) => optionNames.length === 0)).toBe(true);
  });

  it("shows each product in a small image of its own that runs nothing", () => {
    const files = new Set(readdirSync(join(SAMPLES, "images")));
    const shown = products.flatMap(({ images }) =>
      images.map(({ url }) => url.replace("/media/", "")),
    );
    expect(products.filter(({ images }) => images.length === 0)).toEqual([]);
    expect(new Set(shown).size).toBe(shown.length);
    expect(shown.filter((name) => !files.has(name))).toEqual([]);
    expect([...files].filter((name) => !shown.includes(name) || !MEDIA_NAME.test(name))).toEqual(
      [],
    );
    for (const name of files) {
      const svg = readFileSync(join(SAMPLES, "images", name), "utf8");
      expect(svg.length).toBeLessThan(IMAGE_BYTES_MAX);
      expect(svg).not.toMatch(/<script|<foreignObject|\bon\w+=|href=/i);
    }
  });
});
