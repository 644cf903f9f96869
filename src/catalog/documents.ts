import { bigint, index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { ProductId } from "../shared/ids.ts";
import type { Attributes, Seo } from "./model.ts";

/**
 * The free-form part of a product. Written before its MySQL row, so a document may for a moment be
 * newer than the row, or stand alone; a row is never without one for longer than an outage.
 */
export const productDocuments = pgTable(
  "product_documents",
  {
    productId: text("product_id").primaryKey().$type<ProductId>(),
    /** Lets a page read this beside MySQL instead of after it. */
    handle: text("handle").notNull(),
    descriptionHtml: text("description_html").notNull(),
    attributes: jsonb("attributes").notNull().$type<Attributes>(),
    seo: jsonb("seo").notNull().$type<Seo>(),
    updatedAtMs: bigint("updated_at_ms", { mode: "number" }).notNull(),
  },
  (t) => [index("product_documents_by_handle").on(t.handle)],
);
