import { Hono } from "hono";
import type { z } from "zod";
import type { Config } from "../platform/config/config.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { invalid } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import type { Io } from "../platform/io/io.ts";
import { type PageSource, publicPage } from "../platform/pages/index.ts";
import { findProduct } from "./find-product.ts";
import { productIdOf } from "./import/ids.ts";
import { findCategory, listCategories } from "./list-categories.ts";
import { listProducts, type ProductQuery, sureTagsOf } from "./list-products.ts";
import { Category, CategoryList, Product, ProductList } from "./model.ts";
import { categoryListTags, sureProductTags } from "./page-tags.ts";
import {
  CategoryListQuery,
  HandlePath,
  Market,
  ProductListQuery,
  pageParams,
  productQuery,
} from "./queries.ts";
import { type Page, sessionFor } from "./render.ts";

// One unbroken chain: its type is what the RPC client reads.
export const catalogRoutes = new Hono<ApiEnv>()
  .get(
    "/products",
    describe({
      summary: "Published products, filtered and sorted, page by page",
      tag: "Catalogue",
      audience: "public",
      responses: { 200: ProductList },
      problems: ["request-invalid", "dependency-unavailable"],
    }),
    valid("query", ProductListQuery),
    async (c) => {
      requireMarket(c.var.io.config, c.req.valid("query"));
      const query = productQuery(c.req.valid("query"));
      return publicPage<ProductList>(c, {
        name: "products",
        params: pageParams(query),
        sureTags: () => sureTagsOf(query),
        render: (source) => renderProducts(c.var.io, source, query),
      });
    },
  )
  .get(
    "/products/:handle",
    describe({
      summary: "One published product with its variants, images and rich content",
      tag: "Catalogue",
      audience: "public",
      responses: { 200: Product },
      problems: ["not-found", "request-invalid", "dependency-unavailable"],
    }),
    valid("param", HandlePath),
    valid("query", Market),
    async (c) => {
      requireMarket(c.var.io.config, c.req.valid("query"));
      const { handle } = c.req.valid("param");
      return publicPage<Product>(c, {
        name: "product",
        params: { handle },
        sureTags: async () => sureProductTags(await productIdOf(handle)),
        render: (source) => renderProduct(c.var.io, source, handle),
      });
    },
  )
  .get(
    "/categories",
    describe({
      summary: "Categories that have published products, by title",
      tag: "Catalogue",
      audience: "public",
      responses: { 200: CategoryList },
      problems: ["request-invalid", "dependency-unavailable"],
    }),
    valid("query", CategoryListQuery),
    async (c) => {
      const { limit, cursor, ...market } = c.req.valid("query");
      requireMarket(c.var.io.config, market);
      return publicPage<CategoryList>(c, {
        name: "categories",
        sureTags: async () => categoryListTags([]),
        params: { limit, cursor },
        async render(source) {
          const list = await listCategories(sessionFor(c.var.io, source), { limit, cursor });
          if (!list.ok) throw cursorProblem();
          return list.value;
        },
      });
    },
  )
  .get(
    "/categories/:handle",
    describe({
      summary: "One category; its products are the product list with `category=` its handle",
      tag: "Catalogue",
      audience: "public",
      responses: { 200: Category },
      problems: ["not-found", "request-invalid", "dependency-unavailable"],
    }),
    valid("param", HandlePath),
    valid("query", Market),
    async (c) => {
      requireMarket(c.var.io.config, c.req.valid("query"));
      const { handle } = c.req.valid("param");
      return publicPage<Category>(c, {
        name: "category",
        params: { handle },
        render: (source) => findCategory(sessionFor(c.var.io, source), handle),
      });
    },
  );

/** Both versions' lists, from the same rows. */
export async function renderProducts(
  io: Io,
  source: PageSource,
  query: ProductQuery,
): Promise<Page<ProductList>> {
  const list = await listProducts(sessionFor(io, source), query, io.clock.nowMs());
  if (!list.ok) throw cursorProblem();
  return list.value;
}

export const renderProduct = (io: Io, source: PageSource, handle: string) =>
  findProduct(
    {
      session: sessionFor(io, source),
      documents: io.documents,
      nowMs: io.clock.nowMs(),
    },
    handle,
  );

const cursorProblem = () =>
  invalid({ pointer: "/query/cursor", code: "invalid", message: "is not a cursor of this list" });

/** The shop sells in one currency and one language so far; asking for another is said, not ignored. */
export function requireMarket(config: Config, asked: z.output<typeof Market>): void {
  const { STORE_CURRENCY: currency, STORE_LOCALE: locale } = config;
  const unsupported = (pointer: string, only: string) =>
    invalid({ pointer, code: "unsupported", message: `only ${only} is supported` });
  if (asked.currency !== undefined && asked.currency.toUpperCase() !== currency) {
    throw unsupported("/query/currency", currency);
  }
  if (asked.locale !== undefined && asked.locale.toLowerCase() !== locale.toLowerCase()) {
    throw unsupported("/query/locale", locale);
  }
}
