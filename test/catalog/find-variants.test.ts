import { describe, it } from "vitest";
import { findVariants } from "../../src/catalog/index.ts";
import { Sku } from "../../src/shared/ids.ts";
import { csv, openShop, unique } from "./shop.ts";

describe("findVariants", () => {
  it("prices known SKUs in one step and leaves unknown ones out", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    const [small, large, unknown] = [`${handle}-s`, `${handle}-L`, `${handle}-l`].map((sku) =>
      Sku.parse(sku),
    );
    await shop.importCsv(
      csv([
        {
          Handle: handle,
          Title: "Tee",
          "Option1 Name": "Size",
          "Option1 Value": "Small",
          "Variant SKU": small!,
          "Variant Price": "20",
          "Variant Compare At Price": "20",
          "Variant Grams": 150,
          "Variant Inventory Policy": "continue",
          "Image Src": "/media/tee.svg",
          Status: "draft",
        },
        {
          Handle: handle,
          Title: "",
          "Option1 Value": "Large",
          "Variant SKU": large!,
          "Variant Price": "22",
          "Variant Compare At Price": "30",
          "Variant Requires Shipping": "false",
          "Variant Image": "/media/large.svg",
        },
      ]),
    );
    const before = shop.io.meter.roundTrips;
    const found = await findVariants(shop.io.sql, [small!, large!, unknown!, small!], 0);
    expect(shop.io.meter.roundTrips - before).toBe(1);
    expect([...found.keys()].sort()).toEqual([large, small]);
    expect(found.get(small!)).toMatchObject({
      productHandle: handle,
      productTitle: "Tee",
      title: "Small",
      priceMinor: 2000,
      compareAtMinor: null,
      currency: "USD",
      requiresShipping: true,
      grams: 150,
      imageUrl: "/media/tee.svg",
      backorder: true,
      published: false,
    });
    expect(found.get(large!)).toMatchObject({
      compareAtMinor: 3000,
      requiresShipping: false,
      imageUrl: "/media/large.svg",
      backorder: false,
    });
  });

  it("asks nobody about no SKUs", async ({ expect }) => {
    const { io } = openShop();
    expect((await findVariants(io.sql, [], 0)).size).toBe(0);
    expect(io.meter.steps).toHaveLength(0);
  });
});
