import { bigint, index, int, json, mysqlTable, primaryKey, varchar } from "drizzle-orm/mysql-core";
import type { PushOutcome } from "./model.ts";

/** How the telling of one device can end for good. */
export type PushSettled = Exclude<PushOutcome["kind"], "refused">;

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
 * Notifications, one row per device that is told of an event. Written before the provider is asked, since
 * it knows no idempotency keys: who has claimed a row is the only one who sends.
 */
export const sentPushes = mysqlTable(
  "sent_pushes",
  {
    eventId: varchar("event_id", { length: 60 }).notNull(),
    deviceId: varchar("device_id", { length: 40 }).notNull(),
    template: varchar("template", { length: 60 }).notNull(),
    orderId: varchar("order_id", { length: 40 }).notNull(),
    /** When it was last begun: a claim that is old and not settled died half-way. */
    claimedAtMs: bigint("claimed_at_ms", { mode: "number" }).notNull(),
    settledAtMs: bigint("settled_at_ms", { mode: "number" }),
    outcome: varchar("outcome", { length: 10 }).$type<PushSettled>(),
    providerMessageId: varchar("provider_message_id", { length: 200 }),
  },
  (t) => [
    primaryKey({ columns: [t.eventId, t.deviceId] }),
    index("sent_pushes_by_order").on(t.orderId),
    index("sent_pushes_by_age").on(t.claimedAtMs),
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

/** Where merchants want to be told. Its signing secret is derived from its id, so none is stored. */
export const webhookEndpoints = mysqlTable("webhook_endpoints", {
  id: varchar("id", { length: 40 }).primaryKey(),
  url: varchar("url", { length: 500 }).notNull(),
  /** The names of the events that it wants. */
  events: json("events").$type<string[]>().notNull(),
  createdAtMs: bigint("created_at_ms", { mode: "number" }).notNull(),
  /** Set when it answered that it wants nothing any more, or that it may not be sent to. */
  disabledAtMs: bigint("disabled_at_ms", { mode: "number" }),
  disabledReason: varchar("disabled_reason", { length: 200 }),
});

/** Webhooks that a receiver took: what is redriven later than its memory reaches is stopped here. */
export const webhookDeliveries = mysqlTable(
  "webhook_deliveries",
  {
    eventId: varchar("event_id", { length: 60 }).notNull(),
    /** An endpoint's id, or the name of a system of the shop's own. */
    receiver: varchar("receiver", { length: 60 }).notNull(),
    orderId: varchar("order_id", { length: 40 }).notNull(),
    deliveredAtMs: bigint("delivered_at_ms", { mode: "number" }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.eventId, t.receiver] }),
    index("webhook_deliveries_by_order").on(t.orderId),
    index("webhook_deliveries_by_age").on(t.deliveredAtMs),
  ],
);
