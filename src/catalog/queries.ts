import { z } from "zod";
import type { ProductQuery } from "./list-products.ts";
import { lookupKey } from "./lookup-key.ts";
import { Sort } from "./model.ts";

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;
const TEXT_MAX = 255;

const text = z
  .string()
  .trim()
  .min(1)
  .max(TEXT_MAX)
  // Nothing of the catalogue has any, and Postgres refuses a NUL with an error, not with "no rows".
  .regex(/^\P{Cc}*$/u, "must not have control characters");
const wholeNumber = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^\\d{1,${digits}}$`), "must be a whole number")
    .transform(Number);
const limit = wholeNumber(4)
  .pipe(z.number().min(1).max(LIMIT_MAX))
  .optional()
  .describe(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} unless told`);
const cursor = z.string().min(1).max(4096).optional().describe("`nextCursor` of the page before");
const priceMinor = wholeNumber(12).optional().describe("In minor units of the store's currency");

export const HandlePath = z.object({ handle: text });

/** Which market's page is asked for. */
export const Market = z.object({
  currency: text.optional().describe("ISO 4217"),
  locale: text.optional().describe("BCP 47"),
});

export const ProductListQuery = z
  .object({
    category: text.optional().describe("A category's handle"),
    vendor: text.optional(),
    type: text.optional(),
    tag: text.optional(),
    minPrice: priceMinor,
    maxPrice: priceMinor,
    sort: Sort.optional().describe("`title` unless told"),
    limit,
    cursor,
    ...Market.shape,
  })
  .refine(({ minPrice = 0, maxPrice }) => maxPrice === undefined || minPrice <= maxPrice, {
    path: ["maxPrice"],
    message: "must not be below minPrice",
  });

export const CategoryListQuery = z.object({
  limit: limit.transform((value) => value ?? LIMIT_DEFAULT),
  cursor,
  ...Market.shape,
});

/** The query in the one form that all ways of asking for the same list share. */
export function productQuery(query: z.output<typeof ProductListQuery>): ProductQuery {
  const { category, vendor, type, tag, minPrice, maxPrice } = query;
  return {
    filters: {
      category,
      vendor: vendor === undefined ? undefined : lookupKey(vendor),
      type: type === undefined ? undefined : lookupKey(type),
      tag: tag === undefined ? undefined : lookupKey(tag),
      minPriceMinor: minPrice || undefined, // No price is below zero.
      maxPriceMinor: maxPrice,
    },
    sort: query.sort ?? "title",
    limit: query.limit ?? LIMIT_DEFAULT,
    cursor: query.cursor,
  };
}

/** The same as the parameters of a page's key. */
export const pageParams = ({ filters, sort, limit, cursor }: ProductQuery) => ({
  ...filters,
  sort,
  limit,
  cursor,
});
