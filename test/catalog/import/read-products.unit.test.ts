import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { decodeCsv, readCsv } from "../../../src/catalog/import/csv.ts";
import { readProducts } from "../../../src/catalog/import/read-products.ts";

const HEADER =
  "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty";

function read(text: string, currency = "USD") {
  const file = readCsv(text);
  if (!file.ok) throw new Error(file.error.code);
  return readProducts(file.value, currency);
}
const rejections = (text: string) => read(text).rejected.map(({ row, code }) => [row, code]);

/** One product of one row, with other columns beside the needed ones. */
const withColumns = (columns: Record<string, string>) =>
  read(Papa.unparse([{ Handle: "mug", Title: "Mug", "Variant Price": "5", ...columns }]));
const productWith = (columns: Record<string, string>) => withColumns(columns).products[0]!;
const codeWith = (columns: Record<string, string>) => withColumns(columns).rejected[0]?.code;

describe("readCsv", () => {
  it("reads any line ends, a byte order mark, blank lines and quoted line breaks alike", () => {
    const plain = `${HEADER}\nmug,"Big\nmug",,,,5,1\n\ncup,Cup,,,,4,x\n`;
    const windows = plain.replaceAll("\n", "\r\n");
    const bytes = new TextEncoder().encode(`\uFEFF${windows}`);
    const decoded = decodeCsv(bytes);
    expect(decoded.ok && read(decoded.value)).toEqual(read(plain));
    expect(read(plain).products[0]?.title).toBe("Big\nmug");
    expect(rejections(plain)).toEqual([[4, "quantity_invalid"]]);
  });

  it("refuses bytes that are not UTF-8", () => {
    for (const bytes of [
      [0xff, 0xfe, 0x48, 0],
      [0x48, 0xe9],
      [0xc3, 0x28],
    ]) {
      expect(decodeCsv(new Uint8Array(bytes))).toMatchObject({ error: { code: "encoding" } });
    }
  });

  it("refuses a file as a whole when its header is not a catalogue's", () => {
    const codeOf = (text: string) => {
      const file = readCsv(text);
      return file.ok ? "read" : file.error.code;
    };
    expect(codeOf(" \n ")).toBe("empty");
    expect(codeOf("Handle;Title;Variant Price\nmug;Mug;5")).toBe("column_missing");
    expect(codeOf("mug,Mug,5\n")).toBe("column_missing");
    expect(codeOf("Handle,Title,Title,Variant Price\n")).toBe("column_duplicate");
    expect(codeOf('Handle,"Title,Variant Price\nmug,Mug,5\n')).toBe("header");
    expect(codeOf(`${HEADER}\n${"mug,Mug,,,,5,1\n".repeat(20_001)}`)).toBe("too_many_rows");
  });

  it("loses to a broken quote its own line alone", () => {
    const text = `${HEADER}\na,A,,,,1,1\nb,"B,,,,1,1\nc,C,,,,1,1\nd,"D"x,,,,1,1\ne,"E, e",,,,1,1\n`;
    expect(rejections(text)).toEqual([
      [3, "quotes_broken"],
      [5, "quotes_broken"],
    ]);
    expect(read(text).products.map(({ handle }) => handle)).toEqual(["a", "c", "e"]);
  });

  it("gives up on a file of broken quotes before it costs too much", () => {
    const broken = Array.from({ length: 500 }, (_, at) => `p${at},"P"x,,,,1,1`);
    const { rejected, products } = read([HEADER, ...broken].join("\n"));
    expect(products).toEqual([]);
    expect(rejected).toHaveLength(21);
    expect(rejected.at(-1)?.message).toContain("not read");
  });

  it("refuses rows with more or fewer fields than the header", () => {
    expect(rejections(`${HEADER}\na,A,,,,1\nb,B,,,,1,1,9\nc,C,,,,1,1`)).toEqual([
      [2, "field_count"],
      [3, "field_count"],
    ]);
  });

  it("reads back whatever a correct writer wrote", () => {
    const title = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => {
      return text.trim() === text && text !== "" && !/\p{Cc}/u.test(text) && text.length < 200;
    });
    fc.assert(
      fc.property(fc.array(title, { minLength: 1, maxLength: 20 }), (titles) => {
        const rows = titles.map((Title, at) => ({ Handle: `p${at}`, Title, "Variant Price": "1" }));
        const { products, rejected } = read(Papa.unparse(rows));
        expect(rejected).toEqual([]);
        expect(products.map((product) => product.title)).toEqual(titles);
      }),
    );
  });
});

describe("readProducts", () => {
  it("joins the rows of a handle, wherever they stand, and names options by the first", () => {
    const { products } = read(
      `${HEADER}\ntee,Tee,Size,S,,10,1\nmug,Mug,Title,Default Title,,5,1\nTEE,,,M,,11,2\n`,
    );
    expect(products).toMatchObject([
      { handle: "tee", optionNames: ["Size"], variants: [{ options: ["S"] }, { options: ["M"] }] },
      { handle: "mug", optionNames: [], variants: [{ options: [], title: "Mug" }] },
    ]);
    expect(products[0]?.variants.map(({ sku }) => sku)).toEqual(["tee-s", "tee-m"]);
  });

  it("rejects a product whole when the row with its title is bad, and says so for each row", () => {
    const text = `${HEADER}\ntee,,Size,S,,10,1\ntee,Tee,,M,,10,1\nmug,Mug,,,,5,1`;
    expect(rejections(text)).toEqual([
      [2, "title_missing"],
      [3, "product_rejected"],
    ]);
    expect(read(text).products.map(({ handle }) => handle)).toEqual(["mug"]);
  });

  it("keeps the good variants of a product with bad ones", () => {
    const text = `${HEADER}\ntee,Tee,Size,S,,free,1\ntee,,,M,,10,1\ntee,,,,,10,1\ntee,,,m,,10,1`;
    expect(rejections(text)).toEqual([
      [2, "price_invalid"],
      [4, "option_missing"],
      [5, "options_duplicate"],
    ]);
    expect(read(text).products[0]?.variants.map(({ sku }) => sku)).toEqual(["tee-m"]);
  });

  it("refuses a SKU that stands twice, in one product or in two", () => {
    const text = `${HEADER}\na,A,Size,S,X,1,1\na,,,M,X,1,1\nb,B,,,X,1,1\nc,C,,,x,1,1`;
    expect(rejections(text)).toEqual([
      [3, "sku_duplicate"],
      [4, "sku_duplicate"],
    ]);
    expect(read(text).products.map(({ handle }) => handle)).toEqual(["a", "c"]);
  });

  it("takes 100 variants and no more, three options and no fourth", () => {
    const rows = Array.from({ length: 102 }, (_, at) => `a,${at ? "" : "A"},Size,${at},,1,1`);
    expect(rejections([HEADER, ...rows].join("\n"))).toEqual([
      [102, "variants_too_many"],
      [103, "variants_too_many"],
    ]);
    expect(codeWith({ "Option4 Name": "Cut", "Option4 Value": "Slim" })).toBe("options_too_many");
    expect(codeWith({ "Option2 Name": "Cut", "Option2 Value": "Slim" })).toBe("option_missing");
  });

  it.each([
    ["Handle", "", "handle_missing"],
    ["Handle", "a/b", "handle_invalid"],
    ["Handle", "x".repeat(256), "handle_invalid"],
    ["Title", "x".repeat(256), "text_too_long"],
    ["Title", "null\u0000byte", "text_invalid"],
    ["Variant Price", "", "price_missing"],
    ["Variant Price", "-1", "price_invalid"],
    ["Variant Price", "1.999", "price_invalid"],
    ["Variant Price", "1,000", "price_invalid"],
    ["Variant Price", "$5", "price_invalid"],
    ["Variant Price", "=1+1", "price_invalid"],
    ["Variant Price", "1e3", "price_invalid"],
    ["Variant Price", "99999999999", "price_invalid"],
    ["Variant Compare At Price", "cheap", "compare_at_price_invalid"],
    ["Variant Inventory Qty", "-1", "quantity_invalid"],
    ["Variant Inventory Qty", "1.5", "quantity_invalid"],
    ["Variant Inventory Qty", "1000001", "quantity_invalid"],
    ["Variant Inventory Policy", "maybe", "policy_invalid"],
    ["Variant Grams", "-5", "weight_invalid"],
    ["Variant SKU", "ünï", "sku_invalid"],
    ["Variant Barcode", "1".repeat(256), "barcode_too_long"],
    ["Published", "perhaps", "flag_invalid"],
    ["Status", "deleted", "flag_invalid"],
    ["Image Src", "javascript:alert(1)", "image_invalid"],
    ["Image Src", "//evil.example/x.png", "image_invalid"],
    ["Variant Image", "data:text/html,x", "image_invalid"],
  ])("refuses %s = %j as %s", (column, value, code) => {
    expect(codeWith({ [column]: value })).toBe(code);
  });

  it("keeps formulas as the text they are", () => {
    const product = productWith({
      Title: '=HYPERLINK("x")',
      "Variant SKU": "+1-2",
      Vendor: "@sum",
    });
    expect(product).toMatchObject({ title: '=HYPERLINK("x")', vendor: "@sum" });
    expect(product.variants[0]?.sku).toBe("+1-2");
  });

  it("converts weights to grams", () => {
    const grams = (weight: string, unit: string) =>
      productWith({ "Variant Weight": weight, "Variant Weight Unit": unit }).variants[0]?.grams;
    expect([grams("1.5", "kg"), grams("2", "lb"), grams("1", "oz"), grams("7", "g")]).toEqual([
      1500, 907, 28, 7,
    ]);
    expect(codeWith({ "Variant Weight": "1", "Variant Weight Unit": "stone" })).toBe(
      "weight_invalid",
    );
    const both = { "Variant Grams": "250", "Variant Weight": "9", "Variant Weight Unit": "kg" };
    expect(productWith(both).variants[0]?.grams).toBe(250);
  });

  it("sorts products into categories by collection, taxonomy, type or tags, in that order", () => {
    const columns = { Tags: "A, b, a", Type: "Lamps", "Product Category": "Home > Light" };
    const titles = (row: Record<string, string>) =>
      productWith(row).categories.map(({ title }) => title);
    expect(titles({ ...columns, Collection: "Café" })).toEqual(["Café"]);
    expect(titles(columns)).toEqual(["Home", "Light"]);
    expect(titles({ ...columns, "Product Category": "" })).toEqual(["Lamps"]);
    expect(titles({ Tags: columns.Tags })).toEqual(["A", "b"]);
    expect(productWith({ Collection: "Café Größe" }).categories[0]?.handle).toBe("cafe-grosse");
  });

  it("keeps Google's columns and metafields as attributes, never what a product cost", () => {
    const { attributes } = productWith({
      "Google Shopping / Google Product Category": "Home",
      "Google Shopping / MPN": "M-1",
      "Google Shopping / Gender": "",
      "Material (product.metafields.custom.material_name)": "oak",
      "Cost per item": "1.23",
    });
    expect(attributes).toEqual({ googleProductCategory: "Home", mpn: "M-1", materialName: "oak" });
  });

  it("publishes by Published and Status together", () => {
    const published = (Published: string, Status: string) =>
      productWith({ Published, Status }).published;
    expect([published("", ""), published("TRUE", "Active")]).toEqual([true, true]);
    expect([published("false", "active"), published("true", "draft")]).toEqual([false, false]);
  });
});

describe("any file", () => {
  const cell = (...usual: string[]) =>
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...usual) }, fc.string({ maxLength: 5 }));
  const row = fc.tuple(
    cell("a", "b", "c"),
    cell("", "Title"),
    cell("", "Size"),
    cell("", "S", "M"),
    cell("", "X-1", "X-2"),
    cell("1", "2.50", ""),
    cell("", "1"),
  );

  it("ends every row as one variant or as one rejection", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 25 }), (rows) => {
        const columns = HEADER.split(",");
        const numbered = rows.map((cells, at) => ({ row: at + 2, cells }));
        const { products, rejected } = readProducts(
          { columns, rows: numbered, rejected: [] },
          "USD",
        );
        const accepted = products.flatMap(({ variants }) => variants.map((variant) => variant.row));
        const all = [...accepted, ...rejected.map((rejection) => rejection.row)];
        expect(all.sort((a, b) => a - b)).toEqual(numbered.map((each) => each.row));
      }),
      { numRuns: 500 },
    );
  });

  it("is read or refused, never a crash, and rejects rows that it has", () => {
    const text = fc.array(
      fc.constantFrom('"', ",", "\n", "\r\n", "a", "1", HEADER, "\u0000", "\uFEFF"),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(text, (parts) => {
        const body = parts.join("");
        const file = readCsv(`${HEADER}\n${body}`);
        const lines = body.split(/\r\n|\r|\n/).length + 1;
        if (!file.ok) return;
        const { rejected } = readProducts(file.value, "USD");
        expect(rejected.every(({ row: at }) => at >= 2 && at <= lines)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

// Files that merchants really have lie beside the repository on some machines; the fixture on all.
const SHARED = join(import.meta.dirname, "../../../../shared/data");
const FIXTURE = join(import.meta.dirname, "merchant-export.csv");
const files = [
  FIXTURE,
  ...(existsSync(SHARED) ? readdirSync(SHARED).map((name) => join(SHARED, name)) : []),
].filter((file) => file.endsWith(".csv"));

describe.each(files)("a merchant's file: %s", (path) => {
  it("goes in whole, each variant with a SKU of its own that is the same every time", () => {
    const text = decodeCsv(readFileSync(path));
    if (!text.ok) throw new Error(text.error.message);
    const { products, rejected } = read(text.value);
    expect(rejected).toEqual([]);
    expect(products.length).toBeGreaterThanOrEqual(3);
    const skus = products.flatMap(({ variants }) => variants.map(({ sku }) => sku));
    expect(new Set(skus).size).toBe(skus.length);
    expect(read(text.value)).toEqual({ products, rejected });
    expect(
      products.every(({ images, categories }) => images.length > 0 && categories.length > 0),
    ).toBe(true);
  });
});
