import { bigint, index, int, mediumtext, mysqlTable, varchar } from "drizzle-orm/mysql-core";

const atMs = (name: string) => bigint(name, { mode: "number" });

/** Messages that no consumer could settle, kept until an operator decides about them. */
export const deadLetters = mysqlTable(
  "dead_letters",
  {
    /** The queue and the message: what arrives twice is one letter. */
    id: varchar("id", { length: 200 }).primaryKey(),
    queue: varchar("queue", { length: 63 }).notNull(),
    /** The message as JSON, whatever it was: it need not be an envelope. */
    body: mediumtext("body").notNull(),
    reason: varchar("reason", { length: 1000 }).notNull(),
    /** How often it came here: above 1, it was redriven and came back. */
    arrivals: int("arrivals").notNull(),
    firstAtMs: atMs("first_at_ms").notNull(),
    lastAtMs: atMs("last_at_ms").notNull(),
  },
  (t) => [index("dead_letters_by_queue").on(t.queue, t.lastAtMs, t.id)],
);
