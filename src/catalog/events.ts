import { z } from "zod";
import { CategoryId, PriceRuleId, ProductId } from "../shared/ids.ts";

/** Facts that pages depend on. They name what changed, not how: whoever hears one reads the truth. */
export const CatalogEvent = z.discriminatedUnion("type", [
  z.object({
    /** A product, its variants, prices, content or membership of categories. */
    type: z.literal("product.changed.v1"),
    data: z.object({ productIds: z.array(ProductId).min(1) }),
  }),
  z.object({
    /** A product's `inStock`, or that of one of its variants, crossed zero. */
    type: z.literal("product.stock_crossed.v1"),
    data: z.object({ productIds: z.array(ProductId).min(1) }),
  }),
  z.object({
    /** A category is new, or its title changed. */
    type: z.literal("category.changed.v1"),
    data: z.object({ categoryIds: z.array(CategoryId).min(1) }),
  }),
  z.object({
    /** A price rule was made or withdrawn. What it makes of prices follows from its times. */
    type: z.literal("price_rule.changed.v1"),
    data: z.object({ ruleIds: z.array(PriceRuleId).min(1) }),
  }),
  z.object({
    /** The place of products among prices was brought up to date after a rule started or ended. */
    type: z.literal("price_order.changed.v1"),
    data: z.object({ productIds: z.array(ProductId).min(1) }),
  }),
]);
export type CatalogEvent = z.infer<typeof CatalogEvent>;
