import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { findVariants } from "../../../src/catalog/index.ts";
import type { Product } from "../../../src/catalog/model.ts";
import { products, variants } from "../../../src/catalog/schema.ts";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import { Sku } from "../../../src/shared/ids.ts";
import { csv, openShop, type Row, unique } from "../shop.ts";

const shirt = (handle: string, size: string, others: Row = {}): Row => ({
  Handle: handle,
  "Option1 Value": size,
  "Variant SKU": `${handle}-${size}`,
  "Variant Price": "20.00",
  "Variant Inventory Qty": 3,
  ...others,
});
const titled = (others: Row = {}): Row => ({
  Title: "Linen shirt",
  "Option1 Name": "Size",
  ...others,
});
const NOTHING = { created: 0, updated: 0, skipped: 0, rejected: [] };

describe("POST /ops/v1/catalog/import", () => {
  it("creates a product with its variants, document, images, tags and categories", async ({
    expect,
  }) => {
    const shop = openShop();
    const handle = unique();
    const { status, body } = await shop.importCsv(
      csv([
        shirt(handle, "S", {
          ...titled(),
          "Body (HTML)": '<p onclick="x()">Soft<script>steal()</script></p>',
          Vendor: "Nord",
          Type: "Shirts",
          Tags: "linen, Summer",
          Collection: `Tops ${handle}`,
          "Variant Compare At Price": "25.00",
          "Variant Grams": 180,
          "Image Src": "/media/shirt.svg",
          "Image Alt Text": "A shirt",
          "SEO Title": "Shirt",
          "Google Shopping / Gender": "unisex",
        }),
        shirt(handle, "M", { "Variant Price": "18.50", "Variant Image": "/media/shirt.svg" }),
        { Handle: handle, "Image Src": "/media/back.svg" },
      ]),
    );
    expect({ status, body }).toEqual({ status: 200, body: { ...NOTHING, created: 1 } });

    const page = await shop.get<Product>(`/api/v2/products/${handle}`);
    expect(page.body).toMatchObject({
      handle,
      title: "Linen shirt",
      descriptionHtml: "<p>Soft</p>",
      vendor: "Nord",
      productType: "Shirts",
      tags: ["linen", "Summer"],
      options: [{ name: "Size", values: ["S", "M"] }],
      images: [
        { url: "/media/shirt.svg", alt: "A shirt" },
        { url: "/media/back.svg", alt: "" },
      ],
      categories: [{ handle: `tops-${handle}` }],
      attributes: { gender: "unisex" },
      seo: { title: "Shirt" },
    });
    expect(page.body.variants).toMatchObject([
      {
        sku: `${handle}-S`,
        title: "S",
        options: { Size: "S" },
        price: { amount: 2000 },
        grams: 180,
      },
      { sku: `${handle}-M`, price: { amount: 1850, currency: "USD" }, image: { alt: "A shirt" } },
    ]);
    expect(page.body.variants[0]?.compareAtPrice).toEqual({ amount: 2500, currency: "USD" });
    expect(Number(page.response.headers.get("X-Round-Trips"))).toBeLessThanOrEqual(3);
  });

  it("skips what is unchanged, updates what changed, and gives stock to new variants only", async ({
    expect,
  }) => {
    const shop = openShop();
    const handle = unique();
    const first = [shirt(handle, "S", titled()), shirt(handle, "M")];
    await shop.importCsv(csv(first));
    expect(shop.received.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      [`${handle}-S`, 3],
      [`${handle}-M`, 3],
    ]);

    const moreStock = first.map((row) => ({ ...row, "Variant Inventory Qty": 90 }));
    expect((await shop.importCsv(csv(moreStock))).body).toEqual({ ...NOTHING, skipped: 1 });
    const changed = [...first.slice(0, 1), shirt(handle, "M", { "Variant Price": "9.00" })];
    const added = csv([...changed, shirt(handle, "L")]);
    expect((await shop.importCsv(added)).body).toEqual({ ...NOTHING, updated: 1 });
    expect(shop.received.map(({ sku }) => sku).slice(2)).toEqual([`${handle}-L`]);

    const { items } = (
      await shop.get<{ items: unknown[] }>(`/api/v2/products?category=${handle}&vendor=${handle}`)
    ).body;
    expect(items).toEqual([]);
    const [row] = await shop.io.sql.select().from(products).where(eq(products.handle, handle));
    expect(row).toMatchObject({ priceFromMinor: 900, variantCount: 3, version: 2, inStock: true });
  });

  it("keeps variants that the file no longer names, and their price counts", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    const cheap = shirt(handle, "S", { ...titled(), "Variant Price": "5.00" });
    await shop.importCsv(csv([cheap, shirt(handle, "M")]));
    await shop.importCsv(csv([shirt(handle, "M", titled())]));
    const { body } = await shop.get<Product>(`/api/v2/products/${handle}`);
    expect(body.variants.map(({ sku }) => sku).sort()).toEqual([`${handle}-M`, `${handle}-S`]);
    expect(body.options).toEqual([{ name: "Size", values: ["M", "S"] }]);
    const [row] = await shop.io.sql.select().from(products).where(eq(products.handle, handle));
    expect(row).toMatchObject({ priceFromMinor: 500, variantCount: 2 });
  });

  it("rejects bad rows one by one while the good ones go in", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    const other = unique();
    await shop.importCsv(csv([shirt(other, "S", titled())]));
    const { body } = await shop.importCsv(
      csv([
        shirt(handle, "S", titled()),
        shirt(handle, "M", { "Variant Price": "twelve" }),
        shirt(handle, "L", { "Variant SKU": `${other}-S` }),
        { Handle: unique(), Title: "", "Variant Price": "1.00" },
        shirt(unique(), "S", titled({ "Variant Inventory Qty": "-1" })),
      ]),
    );
    expect(body.created).toBe(1);
    expect(body.rejected.map(({ row, code }) => [row, code])).toEqual([
      [3, "price_invalid"],
      [4, "sku_taken"],
      [5, "title_missing"],
      [6, "quantity_invalid"],
    ]);
    const page = await shop.get<Product>(`/api/v2/products/${handle}`);
    expect(page.body.variants.map(({ sku }) => sku)).toEqual([`${handle}-S`]);
  });

  it("will not rename a SKU under the carts that hold it", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    await shop.importCsv(csv([shirt(handle, "S", titled())]));
    const renamed = csv([shirt(handle, "S", { ...titled(), "Variant SKU": `${handle}-new` })]);
    const { body } = await shop.importCsv(renamed);
    expect(body).toMatchObject({
      created: 0,
      updated: 0,
      rejected: [{ row: 2, code: "options_taken" }],
    });
  });

  it("delivers stock by a repeat when inventory was away, under the same movement id", async ({
    expect,
  }) => {
    const shop = openShop();
    const handle = unique();
    const file = csv([shirt(handle, "S", titled())]);
    shop.stockWeather(new DependencyDown("object"));
    expect((await shop.importCsv(file)).status).toBe(503);
    expect((await shop.get(`/api/v2/products/${handle}`)).status).toBe(200);

    shop.stockWeather(undefined);
    expect((await shop.importCsv(file)).body).toEqual({ ...NOTHING, skipped: 1 });
    const known = await findVariants(shop.io.sql, [Sku.parse(`${handle}-S`)], 0);
    const { variantId } = known.get(Sku.parse(`${handle}-S`))!;
    expect(shop.received).toEqual([
      { sku: `${handle}-S`, quantity: 3, backorder: false, movementId: `import:${variantId}` },
    ]);
    await shop.importCsv(file);
    expect(shop.received).toHaveLength(1);
  });

  it("tells inventory of a backorder policy that changed, without adding stock", async ({
    expect,
  }) => {
    const shop = openShop();
    const handle = unique();
    await shop.importCsv(csv([shirt(handle, "S", titled())]));
    const file = csv([shirt(handle, "S", { ...titled(), "Variant Inventory Policy": "continue" })]);
    await shop.importCsv(file);
    await shop.importCsv(file);
    expect(shop.received.slice(1)).toMatchObject([{ quantity: 0, backorder: true }]);
    expect(shop.received[1]?.movementId).toMatch(/^policy:var_\w+:2$/);
  });

  it("writes nothing of a product in MySQL while the documents cannot be written", async ({
    expect,
  }) => {
    const handle = unique();
    const file = csv([shirt(handle, "S", titled())]);
    const broken = openShop({ NEON_ENDPOINT: "http://127.0.0.1:9/sql" });
    expect((await broken.importCsv(file)).status).toBe(503);
    const shop = openShop();
    expect((await shop.get(`/api/v2/products/${handle}`)).status).toBe(404);
    expect((await shop.importCsv(file)).body).toMatchObject({ created: 1 });
  });

  it("lets two imports of one file at once end as one product", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    const file = csv([shirt(handle, "S", titled()), shirt(handle, "M")]);
    const reports = await Promise.all([1, 2, 3].map(() => shop.importCsv(file)));
    const done = reports.filter(({ status }) => status === 200);
    expect(done.reduce((sum, { body }) => sum + body.created, 0)).toBe(1);
    const rows = await shop.io.sql
      .select({ sku: variants.sku })
      .from(variants)
      .innerJoin(products, eq(products.id, variants.productId))
      .where(eq(products.handle, handle));
    expect(rows).toHaveLength(2);
  });

  it("takes 5,000 rows in few statements", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    const rows = Array.from({ length: 5_000 }, (_, at) =>
      shirt(`${handle}-${at >> 1}`, at % 2 ? "M" : "S", at % 2 ? {} : titled()),
    );
    const { body, response } = await shop.importCsv(csv(rows));
    expect(body).toEqual({ ...NOTHING, created: 2_500 });
    expect(Number(response.headers.get("X-Round-Trips"))).toBeLessThan(150);
  }, 60_000);

  it("refuses a file that cannot be a catalogue as a whole", async ({ expect }) => {
    const shop = openShop();
    const codeOf = async (body: string | Uint8Array) => {
      const answer = await shop.importCsv(body);
      return [answer.status, answer.body.errors?.[0]?.code];
    };
    expect(await codeOf("")).toEqual([422, "empty"]);
    expect(await codeOf("Name,Price\nA,1\n")).toEqual([422, "column_missing"]);
    expect(await codeOf(new Uint8Array([0x48, 0xe9, 0x0a]))).toEqual([422, "encoding"]);
    const json = await shop.importCsv("{}", { "Content-Type": "application/json" });
    expect([json.status, json.body.type]).toEqual([415, "/problems/unsupported-media-type"]);
  });

  it("replays its report for a repeated Idempotency-Key", async ({ expect }) => {
    const shop = openShop();
    const key = { "Idempotency-Key": unique() };
    const file = csv([shirt(unique(), "S", titled())]);
    const first = await shop.importCsv(file, key);
    const second = await shop.importCsv(file, key);
    expect(second.body).toEqual(first.body);
    expect(second.response.headers.get("Idempotent-Replayed")).toBe("true");
    expect((await shop.importCsv(`${file}\n`, key)).status).toBe(422);
  });
});
