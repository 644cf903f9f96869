import {
  bigint,
  index,
  int,
  mediumtext,
  mysqlTable,
  primaryKey,
  varchar,
} from "drizzle-orm/mysql-core";
import { exactText } from "../platform/sql/exact-text.ts";
import type { ProcessorName } from "./model.ts";

const atMs = (name: string) => bigint(name, { mode: "number" });

/**
 * What processors told by webhook, each event once. A row is inserted before the answer leaves and its
 * first six columns never change: they are the processor's own words, checked by their signature.
 */
export const paymentEvents = mysqlTable(
  "payment_events",
  {
    processor: varchar("processor", { length: 10 }).notNull().$type<ProcessorName>(),
    // Two ids that differ in case are two events: Stripe tells them apart, and so must what drops repeats.
    eventId: exactText("event_id", { length: 160 }).notNull(),
    type: varchar("type", { length: 80 }).notNull(),
    /** The key that our own request carried, where the event repeats it. */
    reference: exactText("reference", { length: 120 }),
    /** The payment at the processor that the event is about. */
    paymentId: exactText("payment_id", { length: 120 }),
    /** The event, or the item of Adyen's envelope, as JSON text: not a byte of it is rewritten later. */
    body: mediumtext("body").notNull(),
    receivedAtMs: atMs("received_at_ms").notNull(),
    handledAtMs: atMs("handled_at_ms"),
    /** When the sweep takes it up; null once it is handled. */
    dueAtMs: atMs("due_at_ms"),
    tries: int("tries").notNull(),
    /** Why it must not change anything, such as `other_merchant`. */
    fault: varchar("fault", { length: 40 }),
  },
  (t) => [
    primaryKey({ columns: [t.processor, t.eventId] }),
    index("payment_events_due").on(t.dueAtMs, t.eventId),
    index("payment_events_by_age").on(t.handledAtMs),
    index("payment_events_by_reference").on(t.processor, t.reference),
    index("payment_events_by_payment").on(t.processor, t.paymentId),
  ],
);

/** Payments whose outcome is not known: what the reconciler walks. A row goes once it is known. */
export const openPayments = mysqlTable(
  "open_payments",
  {
    /** The attempt's key at the processor. */
    key: varchar("payment_key", { length: 80 }).primaryKey(),
    processor: varchar("processor", { length: 10 }).notNull().$type<ProcessorName>(),
    checkoutId: varchar("checkout_id", { length: 40 }).notNull(),
    sentAtMs: atMs("sent_at_ms").notNull(),
    dueAtMs: atMs("due_at_ms").notNull(),
  },
  (t) => [index("open_payments_due").on(t.dueAtMs, t.key)],
);

/** What about money a person has to look at; the same thing again is counted on its row. */
export const paymentAlerts = mysqlTable(
  "payment_alerts",
  {
    id: exactText("id", { length: 200 }).primaryKey(),
    kind: varchar("kind", { length: 40 }).notNull(),
    /** The event, attempt or order that it is about. */
    subject: varchar("subject", { length: 160 }).notNull(),
    detail: varchar("detail", { length: 500 }).notNull(),
    occurrences: int("occurrences").notNull(),
    firstAtMs: atMs("first_at_ms").notNull(),
    lastAtMs: atMs("last_at_ms").notNull(),
  },
  (t) => [index("payment_alerts_by_time").on(t.lastAtMs, t.id)],
);
