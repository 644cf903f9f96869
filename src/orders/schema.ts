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
import type { EventId, OrderId } from "../shared/ids.ts";
import type { Actor, OrderEventType, OrderStatus, PaymentStatus } from "./model.ts";

/** MySQL answers a JSON column parsed, MariaDB, where JSON is a checked text, may answer the text. */
const jsonDocument = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => "json",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => (typeof value === "string" ? JSON.parse(value) : value),
});

const atMs = (name: string) => bigint(name, { mode: "number" });
const minorUnits = (name: string) => bigint(name, { mode: "number" });

/**
 * The truth about orders: what happened is inserted and never changed. The primary key is the
 * concurrency control: of two writers of a sequence, one wins. The last three columns make the log an
 * outbox too, and only they are updated.
 */
export const orderEvents = mysqlTable(
  "order_events",
  {
    orderId: varchar("order_id", { length: 40 }).notNull().$type<OrderId>(),
    sequence: int("sequence").notNull(),
    eventId: varchar("event_id", { length: 60 })
      .notNull()
      .unique("order_events_event")
      .$type<EventId>(),
    type: varchar("type", { length: 60 }).notNull().$type<OrderEventType>(),
    data: jsonDocument("data").notNull(),
    actorKind: varchar("actor_kind", { length: 20 }).notNull().$type<Actor["kind"]>(),
    actorId: varchar("actor_id", { length: 80 }).notNull(),
    occurredAtMs: atMs("occurred_at_ms").notNull(),
    trace: varchar("trace", { length: 80 }).notNull(),
    /** When its queues last took it; null before. */
    publishedAtMs: atMs("published_at_ms"),
    /** When the sweep sends it again; null once nobody waits for it. Stands before `awaiting`: see `settleEvent`. */
    dueAtMs: atMs("due_at_ms"),
    /** The queues whose consumer has not settled it yet, as the bits of `QUEUE_BITS`. */
    awaiting: int("awaiting").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.orderId, t.sequence] }),
    index("order_events_due").on(t.dueAtMs, t.eventId),
  ],
);

/** A copy for lists, rebuilt from the events at any time. Nothing decides by it. */
export const orders = mysqlTable(
  "orders",
  {
    orderId: varchar("order_id", { length: 40 }).primaryKey().$type<OrderId>(),
    /**
     * Not unique: an upsert that met another order's number would overwrite that order's row. A
     * number is what people say; the id is what identifies.
     */
    number: varchar("number", { length: 20 }).notNull(),
    status: varchar("status", { length: 20 }).notNull().$type<OrderStatus>(),
    email: varchar("email", { length: 254 }).notNull(),
    owner: varchar("owner", { length: 120 }).notNull(),
    totalMinor: minorUnits("total_minor").notNull(),
    capturedMinor: minorUnits("captured_minor").notNull(),
    refundedMinor: minorUnits("refunded_minor").notNull(),
    currency: varchar("currency", { length: 3 }).notNull(),
    paymentStatus: varchar("payment_status", { length: 20 }).notNull().$type<PaymentStatus>(),
    /** Whether a refund was asked for of which it is not known yet what came of it. */
    refundsPending: boolean("refunds_pending").notNull().default(false),
    placedAtMs: atMs("placed_at_ms").notNull(),
    updatedAtMs: atMs("updated_at_ms").notNull(),
    /** The sequence of the last event in it; an older copy never replaces a newer one. */
    version: int("version").notNull(),
  },
  (t) => [
    index("orders_number").on(t.number),
    index("orders_by_owner").on(t.owner, t.placedAtMs, t.orderId),
    index("orders_by_email").on(t.email, t.placedAtMs),
    index("orders_by_status").on(t.status, t.placedAtMs, t.orderId),
    index("orders_by_age").on(t.placedAtMs, t.orderId),
  ],
);
