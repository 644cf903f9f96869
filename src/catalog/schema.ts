import {
  bigint,
  boolean,
  customType,
  index,
  int,
  mysqlTable,
  primaryKey,
  varchar,
} from "drizzle-orm/mysql-core";
import { exactText } from "../platform/sql/exact-text.ts";
import type { CategoryId, PriceRuleId, ProductId, Sku, VariantId } from "../shared/ids.ts";
import type { CatalogEvent } from "./events.ts";

/** JSON kept as text: MariaDB has no JSON type of its own, so a `json` column reads back unalike there. */
const jsonText = customType<{ data: string[]; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => JSON.parse(value) as string[],
});

/** Far beyond what one batch of an import changes. */
const longJsonText = customType<{ data: unknown; driverData: string }>({
  dataType: () => "mediumtext",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => JSON.parse(value),
});

const minorUnits = (name: string) => bigint(name, { mode: "number" });
const atMs = (name: string) => bigint(name, { mode: "number" });
const productId = () => varchar("product_id", { length: 40 }).notNull().$type<ProductId>();

const TEXT_MAX = 255;

/** The keys that lists are sorted by. Where a set's members have a table, it holds copies of them. */
const sortKeys = () => ({
  title: varchar("title", { length: TEXT_MAX }).notNull(),
  /** The lowest price under the rules of its time, as last brought up to date by `syncSortKeys`. */
  sortPriceMinor: minorUnits("sort_price_minor").notNull(),
  published: boolean("published").notNull(),
  createdAtMs: atMs("created_at_ms").notNull(),
});

/**
 * What lists show, in one row: price, image, tags and stock are copies that `refreshSummaries` and
 * the importer keep. Each index ends in the id, so that every sort pages by key.
 */
export const products = mysqlTable(
  "products",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<ProductId>(),
    handle: exactText("handle", { length: TEXT_MAX }).notNull().unique("products_handle"),
    ...sortKeys(),
    vendor: varchar("vendor", { length: TEXT_MAX }).notNull(),
    productType: varchar("product_type", { length: TEXT_MAX }).notNull(),
    /** As filters compare them: see `lookupKey`. */
    vendorKey: exactText("vendor_key", { length: TEXT_MAX }).notNull(),
    typeKey: exactText("type_key", { length: TEXT_MAX }).notNull(),
    tags: jsonText("tags").notNull(),
    currency: varchar("currency", { length: 3 }).notNull(),
    /** Of its variants, before any rule. */
    priceFromMinor: minorUnits("price_from_minor").notNull(),
    compareAtFromMinor: minorUnits("compare_at_from_minor"),
    imageUrl: varchar("image_url", { length: 2048 }),
    imageAlt: varchar("image_alt", { length: 512 }).notNull(),
    inStock: boolean("in_stock").notNull(),
    variantCount: int("variant_count").notNull(),
    version: int("version").notNull(),
    /** Fingerprint of the file's product as last written; empty after a change by hand. */
    sourceHash: varchar("source_hash", { length: 64 }).notNull(),
    updatedAtMs: atMs("updated_at_ms").notNull(),
  },
  (t) => [
    index("products_by_title").on(t.published, t.title, t.id),
    index("products_by_sort_price").on(t.published, t.sortPriceMinor, t.id),
    index("products_by_age").on(t.published, t.createdAtMs, t.id),
    index("products_by_vendor_title").on(t.vendorKey, t.published, t.title, t.id),
    index("products_by_vendor_price").on(t.vendorKey, t.published, t.sortPriceMinor, t.id),
    index("products_by_vendor_age").on(t.vendorKey, t.published, t.createdAtMs, t.id),
    index("products_by_type_title").on(t.typeKey, t.published, t.title, t.id),
    index("products_by_type_price").on(t.typeKey, t.published, t.sortPriceMinor, t.id),
    index("products_by_type_age").on(t.typeKey, t.published, t.createdAtMs, t.id),
  ],
);

export const variants = mysqlTable(
  "variants",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<VariantId>(),
    productId: productId(),
    // `AB-1` and `ab-1` are two SKUs, as they are two stock objects.
    sku: exactText("sku", { length: 64 }).notNull().unique("variants_sku").$type<Sku>(),
    position: int("position").notNull(),
    title: varchar("title", { length: 1024 }).notNull(),
    option1: varchar("option1", { length: TEXT_MAX }),
    option2: varchar("option2", { length: TEXT_MAX }),
    option3: varchar("option3", { length: TEXT_MAX }),
    priceMinor: minorUnits("price_minor").notNull(),
    compareAtMinor: minorUnits("compare_at_minor"),
    grams: int("grams").notNull(),
    barcode: varchar("barcode", { length: TEXT_MAX }),
    imageUrl: varchar("image_url", { length: 2048 }),
    requiresShipping: boolean("requires_shipping").notNull(),
    taxable: boolean("taxable").notNull(),
    /** The merchant's policy. Inventory holds the one that decides; `backorderSent` is what it was told. */
    backorder: boolean("backorder").notNull(),
    backorderSent: boolean("backorder_sent").notNull(),
    /** A copy of inventory's answer, written by `setInStock` alone once the variant exists. */
    inStock: boolean("in_stock").notNull(),
    /** Inventory's version of that answer; 0 while it is the file's. */
    inStockVersion: bigint("in_stock_version", { mode: "number" }).notNull().default(0),
    /** False until inventory has taken the stock that came with the file. */
    stockReceived: boolean("stock_received").notNull(),
    updatedAtMs: atMs("updated_at_ms").notNull(),
  },
  (t) => [index("variants_by_product").on(t.productId, t.position)],
);

export const productOptions = mysqlTable(
  "product_options",
  {
    productId: productId(),
    position: int("position").notNull(),
    name: varchar("name", { length: TEXT_MAX }).notNull(),
    optionValues: jsonText("option_values").notNull(),
  },
  (t) => [primaryKey({ columns: [t.productId, t.position] })],
);

export const productImages = mysqlTable(
  "product_images",
  {
    productId: productId(),
    position: int("position").notNull(),
    url: varchar("url", { length: 2048 }).notNull(),
    alt: varchar("alt", { length: 512 }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.productId, t.position] })],
);

/** For filters only; what a page shows stands in `products.tags`. */
export const productTags = mysqlTable(
  "product_tags",
  {
    productId: productId(),
    /** The tag as filters compare it: see `lookupKey`. */
    tagKey: exactText("tag_key", { length: TEXT_MAX }).notNull(),
    ...sortKeys(),
  },
  (t) => [
    primaryKey({ columns: [t.productId, t.tagKey] }),
    index("product_tags_by_title").on(t.tagKey, t.published, t.title, t.productId),
    index("product_tags_by_price").on(t.tagKey, t.published, t.sortPriceMinor, t.productId),
    index("product_tags_by_age").on(t.tagKey, t.published, t.createdAtMs, t.productId),
  ],
);

export const categories = mysqlTable(
  "categories",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<CategoryId>(),
    handle: exactText("handle", { length: TEXT_MAX }).notNull().unique("categories_handle"),
    title: varchar("title", { length: TEXT_MAX }).notNull(),
    createdAtMs: atMs("created_at_ms").notNull(),
  },
  (t) => [index("categories_by_title").on(t.title, t.id)],
);

export const productCategories = mysqlTable(
  "product_categories",
  {
    productId: productId(),
    categoryId: varchar("category_id", { length: 40 }).notNull().$type<CategoryId>(),
    ...sortKeys(),
  },
  (t) => [
    primaryKey({ columns: [t.productId, t.categoryId] }),
    index("product_categories_by_title").on(t.categoryId, t.published, t.title, t.productId),
    index("product_categories_by_price").on(
      t.categoryId,
      t.published,
      t.sortPriceMinor,
      t.productId,
    ),
    index("product_categories_by_age").on(t.categoryId, t.published, t.createdAtMs, t.productId),
  ],
);

/** What is taken off prices, and when. A rule that was withdrawn stays, and ends when it was. */
export const priceRules = mysqlTable(
  "price_rules",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<PriceRuleId>(),
    title: varchar("title", { length: TEXT_MAX }).notNull(),
    kind: varchar("kind", { length: 10 }).notNull().$type<"percentage" | "amount">(),
    /** Hundredths of a percent, or minor units of the store's currency. */
    value: minorUnits("value").notNull(),
    target: varchar("target", { length: 10 }).notNull().$type<"all" | "product" | "category">(),
    targetId: varchar("target_id", { length: 40 }),
    startsAtMs: atMs("starts_at_ms").notNull(),
    endsAtMs: atMs("ends_at_ms"),
    createdAtMs: atMs("created_at_ms").notNull(),
    deletedAtMs: atMs("deleted_at_ms"),
  },
  (t) => [
    index("price_rules_by_end").on(t.endsAtMs),
    index("price_rules_by_age").on(t.deletedAtMs, t.createdAtMs, t.id),
  ],
);

/**
 * What happened to the catalogue, written with the change itself, until the edge feed has been told.
 * `tags` are those that the change purges.
 */
export const catalogOutbox = mysqlTable(
  "catalog_outbox",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<string>(),
    type: varchar("type", { length: 60 }).notNull().$type<CatalogEvent["type"]>(),
    data: longJsonText("data").notNull(),
    tags: longJsonText("tags").notNull().$type<string[]>(),
    occurredAtMs: atMs("occurred_at_ms").notNull(),
    publishedAtMs: atMs("published_at_ms"),
  },
  (t) => [index("catalog_outbox_unpublished").on(t.publishedAtMs, t.occurredAtMs, t.id)],
);
