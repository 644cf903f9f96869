import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { valid } from "../platform/http/valid.ts";
import { publicPage } from "../platform/pages/index.ts";
import { decimalsOf, type Money } from "../shared/money.ts";
import { productIdOf } from "./import/ids.ts";
import { sureTagsOf } from "./list-products.ts";
import type { Product, ProductSummary } from "./model.ts";
import { sureProductTags } from "./page-tags.ts";
import { HandlePath, Market, ProductListQuery, pageParams, productQuery } from "./queries.ts";
import { withBody } from "./render.ts";
import { renderProduct, renderProducts, requireMarket } from "./routes.ts";

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
      requireMarket(c.var.io.config, c.req.valid("query"));
      const query = productQuery(c.req.valid("query"));
      return publicPage<z.infer<typeof ProductsV1>>(c, {
        name: "v1-products",
        params: pageParams(query),
        sureTags: () => sureTagsOf(query),
        render: async (source) =>
          withBody(await renderProducts(c.var.io, source, query), ({ items, nextCursor }) => ({
            products: items.map(summaryV1),
            next: nextCursor,
          })),
      });
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
      const { handle } = c.req.valid("param");
      return publicPage<z.infer<typeof ProductDetailV1>>(c, {
        name: "v1-product",
        params: { handle },
        sureTags: async () => sureProductTags(await productIdOf(handle)),
        async render(source) {
          const page = await renderProduct(c.var.io, source, handle);
          return page && withBody(page, detailV1);
        },
      });
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
