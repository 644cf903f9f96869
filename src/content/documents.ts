import { bigint, boolean, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { BlockId, ContentPageId } from "../shared/ids.ts";
import type { Seo } from "./model.ts";

/** What blocks and pages have in common. HTML was rebuilt from the allow-list before it got here. */
const content = () => ({
  locale: text("locale").notNull(),
  title: text("title").notNull(),
  bodyHtml: text("body_html").notNull(),
  published: boolean("published").notNull(),
  /** Counts the changes, from 1. A change names the version that it replaces. */
  version: integer("version").notNull(),
  updatedAtMs: bigint("updated_at_ms", { mode: "number" }).notNull(),
});

/** Pieces of content that front ends and pages show by their key. */
export const contentBlocks = pgTable("content_blocks", {
  id: text("id").primaryKey().$type<BlockId>(),
  key: text("key").notNull().unique(),
  ...content(),
  data: jsonb("data").notNull().$type<Record<string, unknown>>(),
});

/** Pages, with the keys of the blocks that they show. */
export const contentPages = pgTable("content_pages", {
  id: text("id").primaryKey().$type<ContentPageId>(),
  slug: text("slug").notNull().unique(),
  ...content(),
  blocks: jsonb("blocks").notNull().$type<string[]>(),
  seo: jsonb("seo").notNull().$type<Seo>(),
});

/**
 * The last version of what was removed. What is made anew under its name goes on from there: an editor who
 * read the old one must not replace the new one by a number that both had.
 */
export const contentRemoved = pgTable("content_removed", {
  /** Of a block or a page: their ids differ by their prefix. */
  id: text("id").primaryKey(),
  version: integer("version").notNull(),
});

/** The outbox: purges that the edge feed has yet to hear of. Written with their change, deleted when told. */
export const contentPurges = pgTable(
  "content_purges",
  {
    id: text("id").primaryKey(),
    tags: jsonb("tags").notNull().$type<string[]>(),
    notedAtMs: bigint("noted_at_ms", { mode: "number" }).notNull(),
  },
  (t) => [index("content_purges_by_time").on(t.notedAtMs)],
);
