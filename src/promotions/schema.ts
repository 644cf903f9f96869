import {
  bigint,
  boolean,
  customType,
  index,
  int,
  mysqlTable,
  varchar,
} from "drizzle-orm/mysql-core";
import type { PromotionId } from "../shared/ids.ts";
import type { Effect, Promotion, Target } from "./model.ts";

/** MariaDB has no JSON type of its own, so a `json` column would read back unalike there. */
const jsonText = customType<{ data: unknown; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => JSON.parse(value),
});
const minorUnits = (name: string) => bigint(name, { mode: "number" });
const atMs = (name: string) => bigint(name, { mode: "number" });

/** Coupons, and automatic rules where the code is null. Uses are counted by the coupon's object. */
export const promotions = mysqlTable(
  "promotions",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<PromotionId>(),
    /** In capitals, as `CouponCode` makes it. */
    code: varchar("code", { length: 40 }).unique("promotions_code"),
    title: varchar("title", { length: 120 }).notNull(),
    effect: jsonText("effect").notNull().$type<Effect>(),
    target: jsonText("target").notNull().$type<Target>(),
    minimumSubtotalMinor: minorUnits("minimum_subtotal_minor").notNull(),
    stacking: varchar("stacking", { length: 12 }).notNull().$type<Promotion["stacking"]>(),
    startsAtMs: atMs("starts_at_ms").notNull(),
    endsAtMs: atMs("ends_at_ms"),
    usesMax: int("uses_max"),
    usesPerShopperMax: int("uses_per_shopper_max"),
    active: boolean("active").notNull(),
    createdAtMs: atMs("created_at_ms").notNull(),
  },
  (t) => [
    index("promotions_automatic").on(t.code, t.active),
    index("promotions_by_age").on(t.createdAtMs, t.id),
  ],
);
