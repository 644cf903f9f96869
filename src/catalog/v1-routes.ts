import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { page } from "../platform/pages/page.ts";
import { decimalsOf, type Money } from "../shared/money.ts";
import { findProduct } from "./find-product.ts";
import { listProducts } from "./list-products.ts";
import type { Product, ProductSummary } from "./model.ts";
import { HandlePath, Market, ProductListQuery, productQuery } from "./queries.ts";
import { cursorProblem, requireMarket } from "./routes.ts";

const Price = z.string().describe("A decimal text such as 19.99");
const ProductV1 = z
  .object({
    id: z.string(),
    handle: z.string(),
    name: z.string(),
    vendor: z.string(),
    price: Price.describe("The lowest price of its variants"),
    currency: z.string(),
    available: z.boolean(),
    image: z.string().nullable(),
  })
  .meta({ id: "ProductV1" });
const ProductsV1 = z
  .object({ products: z.array(ProductV1), next: z.string().nullable() })
  .meta({ id: "ProductsV1" });
const ProductDetailV1 = ProductV1.extend({
  description: z.string().describe("HTML"),
  variants: z.array(
    z.object({ sku: z.string(), name: z.string(), price: Price, available: z.boolean() }),
  ),
}).meta({ id: "ProductDetailV1" });

/** The first version's flat shape over the same use cases: filters, sort, cursor and limits are v2's. */
export const catalogV1Routes = new Hono<ApiEnv>()
  .get(
    "/products",
    describe({
      summary: "Published products (version 1)",
      tag: "Version 1",
      audience: "public",
      responses: { 200: ProductsV1 },
      problems: ["request-invalid", "dependency-unavailable"],
    }),
    valid("query", ProductListQuery),
    async (c) => {
      const query = c.req.valid("query");
      requireMarket(c.var.io.config, query);
      const list = await listProducts(c.var.io.replica, productQuery(query));
      if (!list.ok) throw cursorProblem();
      const { items, nextCursor } = list.value;
      return page(c, c.json({ products: items.map(summaryV1), next: nextCursor }, 200));
    },
  )
  .get(
    "/products/:handle",
    describe({
      summary: "One published product (version 1)",
      tag: "Version 1",
      audience: "public",
      responses: { 200: ProductDetailV1 },
      problems: ["not-found", "request-invalid", "dependency-unavailable"],
    }),
    valid("param", HandlePath),
    valid("query", Market),
    async (c) => {
      requireMarket(c.var.io.config, c.req.valid("query"));
      const found = await findProduct(c.var.io, c.req.valid("param").handle);
      if (!found) throw new Problem("not-found");
      return page(c, c.json(detailV1(found.product), 200), { storable: found.complete });
    },
  );

const summaryV1 = ({ id, handle, title, vendor, priceFrom, inStock, image }: ProductSummary) => ({
  id,
  handle,
  name: title,
  vendor,
  price: decimalText(priceFrom),
  currency: priceFrom.currency,
  available: inStock,
  image: image?.url ?? null,
});

function detailV1(product: Product) {
  const { id, handle, title, vendor, images, variants, descriptionHtml } = product;
  const prices = variants.map(({ price }) => price);
  const priceFrom = prices.reduce((low, price) => (price.amount < low.amount ? price : low));
  const [image] = images;
  const inStock = variants.some((variant) => variant.inStock);
  const flat = summaryV1({
    id,
    handle,
    title,
    vendor,
    priceFrom,
    inStock,
    productType: product.productType,
    tags: product.tags,
    ...(image ? { image } : {}),
  });
  return {
    ...flat,
    description: descriptionHtml,
    variants: variants.map((variant) => ({
      sku: variant.sku,
      name: variant.title,
      price: decimalText(variant.price),
      available: variant.inStock,
    })),
  };
}

/** Exact: the digits are moved as text, never divided. Prices are not negative. */
function decimalText({ amount, currency }: Money): string {
  const decimals = decimalsOf(currency);
  const digits = String(amount).padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
