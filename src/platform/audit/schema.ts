import { bigint, index, json, mysqlTable, varchar } from "drizzle-orm/mysql-core";

const atMs = (name: string) => bigint(name, { mode: "number" });

/**
 * Who did what. Of operators, written before it takes effect, so that nothing is done without its row; of
 * owners to their own accounts, in the transaction of the change.
 */
export const auditLog = mysqlTable(
  "audit_log",
  {
    id: varchar("id", { length: 40 }).primaryKey(),
    /** The staff key's id, or the user's. */
    actor: varchar("actor", { length: 80 }).notNull(),
    /** Past tense with its area: `pages.purged`. */
    action: varchar("action", { length: 80 }).notNull(),
    target: json("target").$type<Record<string, unknown>>().notNull(),
    atMs: atMs("at_ms").notNull(),
    requestId: varchar("request_id", { length: 80 }).notNull(),
    /** Written after the effect: null where the Worker died in between, so nobody can say. */
    outcome: json("outcome").$type<Record<string, unknown>>(),
  },
  (t) => [index("audit_log_by_time").on(t.atMs, t.id)],
);
