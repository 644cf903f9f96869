import { bigint, boolean, customType, int, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import { exactText } from "../platform/sql/exact-text.ts";
import type { Sku } from "../shared/ids.ts";
import type { LocationSettings } from "./locations/model.ts";

/** MySQL answers a JSON column parsed, MariaDB, where JSON is a checked text, may answer the text. */
const locationSettings = customType<{ data: LocationSettings; driverData: unknown }>({
  dataType: () => "json",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => (typeof value === "string" ? JSON.parse(value) : value),
});

/** Where stock lies, what each place serves and what that costs. Few rows, read whole. */
export const stockLocations = mysqlTable("stock_locations", {
  code: varchar("code", { length: 40 }).primaryKey(),
  settings: locationSettings("settings").notNull(),
  updatedAtMs: bigint("updated_at_ms", { mode: "number" }).notNull(),
});

/** A copy of what each SKU's object offers, for reports and lists. The object is the truth. */
export const inventoryLevels = mysqlTable("inventory_levels", {
  sku: exactText("sku", { length: 64 }).primaryKey().$type<Sku>(),
  available: int("available").notNull(),
  backorder: boolean("backorder").notNull(),
  /** Grows with every change; an older copy never replaces a newer one. */
  version: bigint("version", { mode: "number" }).notNull(),
  updatedAtMs: bigint("updated_at_ms", { mode: "number" }).notNull(),
});
