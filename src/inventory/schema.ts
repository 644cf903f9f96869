import { bigint, boolean, customType, int, mysqlTable } from "drizzle-orm/mysql-core";
import type { Sku } from "../shared/ids.ts";

/** Compared byte by byte, as objects are named: `AB-1` and `ab-1` are two SKUs. */
const exactSku = customType<{ data: Sku }>({
  dataType: () => "varchar(64) character set utf8mb4 collate utf8mb4_bin",
});

/** A copy of what each SKU's object offers, for reports and lists. The object is the truth. */
export const inventoryLevels = mysqlTable("inventory_levels", {
  sku: exactSku("sku").primaryKey(),
  available: int("available").notNull(),
  backorder: boolean("backorder").notNull(),
  /** Grows with every change; an older copy never replaces a newer one. */
  version: bigint("version", { mode: "number" }).notNull(),
  updatedAtMs: bigint("updated_at_ms", { mode: "number" }).notNull(),
});
