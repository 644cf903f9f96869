import { sql } from "drizzle-orm";
import type { CategoryId } from "../shared/ids.ts";
import { productCategories } from "./schema.ts";

/** A product's categories as one value, so that a statement about products stays one row each. */
export const CATEGORY_IDS = sql<CategoryId[]>`(
  SELECT JSON_ARRAYAGG(pc.category_id) FROM ${productCategories} pc WHERE pc.product_id = products.id
)`.mapWith({ mapFromDriverValue: readIds });

// MySQL answers JSON parsed, MariaDB as text. No rows make no array, and drizzle maps no null.
function readIds(value: unknown): CategoryId[] {
  return (typeof value === "string" ? JSON.parse(value) : value) as CategoryId[];
}
