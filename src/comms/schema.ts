import { bigint, index, mysqlTable, primaryKey, varchar } from "drizzle-orm/mysql-core";

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
