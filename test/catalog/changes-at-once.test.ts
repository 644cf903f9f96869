import { expect, it } from "vitest";
import { setInStock } from "../../src/catalog/index.ts";
import type { ProductList } from "../../src/catalog/model.ts";
import { Sku } from "../../src/shared/ids.ts";
import { csv, openShop, unique } from "./shop.ts";

const PRODUCTS = 15;

it("changes of prices, stock and whole files at once neither lock each other nor lose one", async () => {
  const shop = openShop();
  const handle = unique();
  const file = (price: string) =>
    csv(
      Array.from({ length: 2 * PRODUCTS }, (_, n) => ({
        Handle: `${handle}-${n >> 1}`,
        Title: n % 2 ? "" : `Thing ${n}`,
        Vendor: handle,
        Tags: "a, b",
        Collection: `Shelf ${n % 4}`,
        "Option1 Name": n % 2 ? "" : "Size",
        "Option1 Value": n % 2 ? "M" : "S",
        "Variant SKU": `${handle}-sku-${n}`,
        "Variant Price": price,
      })),
    );
  await shop.importCsv(file("20.00"));
  const skus = Array.from({ length: 2 * PRODUCTS }, (_, n) => Sku.parse(`${handle}-sku-${n}`));
  const statuses = await Promise.all([
    ...skus.map(async (sku, n) => {
      const price = { amount: 1_000 + n, currency: "USD" };
      return (await shop.patch(sku, { price })).status;
    }),
    ...skus.map(async (sku) => {
      await setInStock(shop.io, sku, { inStock: true, version: 1 });
      return 200;
    }),
    (async () => (await shop.importCsv(file("30.00"))).status)(),
  ]);
  expect(new Set(statuses)).toEqual(new Set([200]));

  await Promise.all(
    skus.map((sku) => shop.patch(sku, { price: { amount: 700, currency: "USD" } })),
  );
  shop.moveToNewIsolate();
  const path = `/api/v2/products?vendor=${handle}&sort=price&maxPrice=700`;
  const { body } = await shop.get<ProductList>(path);
  expect(body.items.map(({ priceFrom, inStock }) => [priceFrom.amount, inStock])).toEqual(
    Array.from({ length: PRODUCTS }, () => [700, true]),
  );
});
