import { bigint, boolean, index, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { AddressId, UserId } from "../shared/ids.ts";

const atMs = (name: string) => bigint(name, { mode: "number" });
const userId = () => varchar("user_id", { length: 40 }).notNull().$type<UserId>();

/** What a shopper says of themselves. Made by the first change; before, all of it is absent. */
export const profiles = mysqlTable("profiles", {
  userId: userId().primaryKey(),
  name: varchar("name", { length: 120 }),
  phone: varchar("phone", { length: 40 }),
  /** Consent to be written to about offers, and since when it is given or withdrawn. */
  marketingConsent: boolean("marketing_consent").notNull().default(false),
  consentChangedAtMs: atMs("consent_changed_at_ms"),
  defaultAddressId: varchar("default_address_id", { length: 40 }).$type<AddressId>(),
  updatedAtMs: atMs("updated_at_ms").notNull(),
});

/** A shopper's address book. Orders have copies of their own, which a change here does not touch. */
export const addresses = mysqlTable(
  "addresses",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<AddressId>(),
    userId: userId(),
    name: varchar("name", { length: 120 }).notNull(),
    line1: varchar("line1", { length: 120 }).notNull(),
    line2: varchar("line2", { length: 120 }),
    city: varchar("city", { length: 80 }).notNull(),
    region: varchar("region", { length: 80 }),
    postalCode: varchar("postal_code", { length: 20 }).notNull(),
    country: varchar("country", { length: 2 }).notNull(),
    phone: varchar("phone", { length: 40 }),
    createdAtMs: atMs("created_at_ms").notNull(),
    updatedAtMs: atMs("updated_at_ms").notNull(),
  },
  (t) => [index("addresses_by_user").on(t.userId, t.createdAtMs, t.id)],
);

/** Who wants to be forgotten. Written before anything is erased, so that a crash does not end it. */
export const erasures = mysqlTable(
  "erasures",
  {
    userId: userId().primaryKey(),
    requestedAtMs: atMs("requested_at_ms").notNull(),
    /** When the sweep goes on with it; null once nothing is left. */
    dueAtMs: atMs("due_at_ms"),
    /** When nothing was left. */
    endedAtMs: atMs("ended_at_ms"),
  },
  (t) => [index("erasures_due").on(t.dueAtMs)],
);
