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
import type { CategoryId, ProductId, Sku, VariantId } from "../shared/ids.ts";

/** Compared byte by byte: `AB-1` and `ab-1` are two SKUs, as they are two stock objects. */
const exactText = customType<{ data: string; config: { length: number } }>({
  dataType: (config) => `varchar(${config?.length}) character set utf8mb4 collate utf8mb4_bin`,
});

/** JSON kept as text: MariaDB has no JSON type of its own, so a `json` column reads back unalike there. */
const jsonText = customType<{ data: string[]; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => JSON.parse(value) as string[],
});

const minorUnits = (name: string) => bigint(name, { mode: "number" });
const atMs = (name: string) => bigint(name, { mode: "number" });
const productId = () => varchar("product_id", { length: 40 }).notNull().$type<ProductId>();

const TEXT_MAX = 255;

/**
 * What lists show, in one row: price, image, tags and stock are copies that `refreshSummaries` and
 * the importer keep. Each index ends in the id, so that every sort pages by key.
 */
export const products = mysqlTable(
  "products",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<ProductId>(),
    handle: exactText("handle", { length: TEXT_MAX }).notNull().unique("products_handle"),
    title: varchar("title", { length: TEXT_MAX }).notNull(),
    vendor: varchar("vendor", { length: TEXT_MAX }).notNull(),
    productType: varchar("product_type", { length: TEXT_MAX }).notNull(),
    tags: jsonText("tags").notNull(),
    currency: varchar("currency", { length: 3 }).notNull(),
    priceFromMinor: minorUnits("price_from_minor").notNull(),
    compareAtFromMinor: minorUnits("compare_at_from_minor"),
    imageUrl: varchar("image_url", { length: 2048 }),
    imageAlt: varchar("image_alt", { length: 512 }).notNull(),
    inStock: boolean("in_stock").notNull(),
    published: boolean("published").notNull(),
    variantCount: int("variant_count").notNull(),
    version: int("version").notNull(),
    /** Fingerprint of the file's product as last written; empty after a change by hand. */
    sourceHash: varchar("source_hash", { length: 64 }).notNull(),
    createdAtMs: atMs("created_at_ms").notNull(),
    updatedAtMs: atMs("updated_at_ms").notNull(),
  },
  (t) => [
    index("products_by_title").on(t.published, t.title, t.id),
    index("products_by_price").on(t.published, t.priceFromMinor, t.id),
    index("products_by_age").on(t.published, t.createdAtMs, t.id),
    index("products_vendor_title").on(t.published, t.vendor, t.title, t.id),
    index("products_vendor_price").on(t.published, t.vendor, t.priceFromMinor, t.id),
    index("products_vendor_age").on(t.published, t.vendor, t.createdAtMs, t.id),
    index("products_type_title").on(t.published, t.productType, t.title, t.id),
    index("products_type_price").on(t.published, t.productType, t.priceFromMinor, t.id),
    index("products_type_age").on(t.published, t.productType, t.createdAtMs, t.id),
  ],
);

export const variants = mysqlTable(
  "variants",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<VariantId>(),
    productId: productId(),
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
    /** The tag as filters compare it: see `tagKey`. */
    tagKey: exactText("tag_key", { length: TEXT_MAX }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.productId, t.tagKey] }),
    index("product_tags_by_tag").on(t.tagKey, t.productId),
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
  },
  (t) => [
    primaryKey({ columns: [t.productId, t.categoryId] }),
    index("product_categories_by_category").on(t.categoryId, t.productId),
  ],
);
