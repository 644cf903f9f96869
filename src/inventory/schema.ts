import { bigint, boolean, int, mysqlTable, varchar } from "drizzle-orm/mysql-core";

/** A copy of what each SKU's object offers, for reports and lists. The object is the truth. */
export const inventoryLevels = mysqlTable("inventory_levels", {
  sku: varchar("sku", { length: 64 }).primaryKey(),
  available: int("available").notNull(),
  backorder: boolean("backorder").notNull(),
  /** Grows with every change; an older copy never replaces a newer one. */
  version: bigint("version", { mode: "number" }).notNull(),
  updatedAtMs: bigint("updated_at_ms", { mode: "number" }).notNull(),
});
