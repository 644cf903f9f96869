import { bigint, index, int, mysqlTable, primaryKey, varchar } from "drizzle-orm/mysql-core";

/**
 * Messages that the provider accepted. The provider forgets an idempotency key after a day; a message
 * that is redriven later than that is stopped here.
 */
export const sentMessages = mysqlTable(
  "sent_messages",
  {
    eventId: varchar("event_id", { length: 60 }).notNull(),
    template: varchar("template", { length: 60 }).notNull(),
    channel: varchar("channel", { length: 10 }).notNull(),
    orderId: varchar("order_id", { length: 40 }).notNull(),
    providerMessageId: varchar("provider_message_id", { length: 120 }).notNull(),
    sentAtMs: bigint("sent_at_ms", { mode: "number" }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.eventId, t.template, t.channel] }),
    index("sent_messages_by_order").on(t.orderId),
  ],
);

/**
 * Carts that were left behind, one row per event. Nobody is written to about them: no shopper has been
 * asked yet whether they want that, and most carts have no address at all.
 */
export const cartAbandonments = mysqlTable(
  "cart_abandonments",
  {
    eventId: varchar("event_id", { length: 60 }).primaryKey(),
    cartId: varchar("cart_id", { length: 40 }).notNull(),
    cartVersion: int("cart_version").notNull(),
    ownerKind: varchar("owner_kind", { length: 10 }).notNull(),
    abandonedAtMs: bigint("abandoned_at_ms", { mode: "number" }).notNull(),
    recordedAtMs: bigint("recorded_at_ms", { mode: "number" }).notNull(),
  },
  (t) => [index("cart_abandonments_by_age").on(t.abandonedAtMs)],
);
