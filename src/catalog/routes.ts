import { Hono } from "hono";
import type { z } from "zod";
import type { Config } from "../platform/config/config.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { invalid, Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { page } from "../platform/pages/page.ts";
import { findProduct } from "./find-product.ts";
import { findCategory, listCategories } from "./list-categories.ts";
import { listProducts } from "./list-products.ts";
import { Category, CategoryList, Product, ProductList } from "./model.ts";
import {
  CategoryListQuery,
  HandlePath,
  Market,
  ProductListQuery,
  productQuery,
} from "./queries.ts";

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
      const query = c.req.valid("query");
      const { io } = c.var;
      requireMarket(io.config, query);
      const list = await listProducts(io.replica, productQuery(query));
      if (!list.ok) throw cursorProblem();
      return page(c, c.json(list.value, 200));
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
      const { io } = c.var;
      requireMarket(io.config, c.req.valid("query"));
      const found = await findProduct(io, c.req.valid("param").handle);
      if (!found) throw new Problem("not-found");
      return page(c, c.json(found.product, 200), { storable: found.complete });
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
      const query = c.req.valid("query");
      const { io } = c.var;
      requireMarket(io.config, query);
      const list = await listCategories(io.replica, query);
      if (!list.ok) throw cursorProblem();
      return page(c, c.json(list.value, 200));
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
      const { io } = c.var;
      requireMarket(io.config, c.req.valid("query"));
      const category = await findCategory(io.replica, c.req.valid("param").handle);
      if (!category) throw new Problem("not-found");
      return page(c, c.json(category, 200));
    },
  );

export const cursorProblem = () =>
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
