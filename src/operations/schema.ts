import {
  bigint,
  char,
  index,
  int,
  json,
  mediumtext,
  mysqlTable,
  uniqueIndex,
  varchar,
} from "drizzle-orm/mysql-core";

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
    /** When it was last sent again; null while it waits for somebody's decision. */
    redrivenAtMs: atMs("redriven_at_ms"),
  },
  (t) => [
    index("dead_letters_by_queue").on(t.queue, t.lastAtMs, t.id),
    index("dead_letters_by_redrive").on(t.redrivenAtMs),
  ],
);

/** What a person should look at: one row per kind and subject, whether it still stands or is over. */
export const alerts = mysqlTable(
  "alerts",
  {
    /** `<kind>:<subject>`, such as `queue_depth:orders`. */
    id: varchar("id", { length: 120 }).primaryKey(),
    kind: varchar("kind", { length: 40 }).notNull(),
    subject: varchar("subject", { length: 80 }).notNull(),
    detail: json("detail").$type<Record<string, unknown>>().notNull(),
    /** When it began to stand this time. */
    raisedAtMs: atMs("raised_at_ms").notNull(),
    lastSeenAtMs: atMs("last_seen_at_ms").notNull(),
    resolvedAtMs: atMs("resolved_at_ms"),
  },
  (t) => [
    index("alerts_by_time").on(t.raisedAtMs, t.id),
    index("alerts_by_end").on(t.resolvedAtMs),
  ],
);

/** Who operates the shop. A member is never deleted: rows of the audit log name them. */
export const staffMembers = mysqlTable("staff_members", {
  id: varchar("id", { length: 40 }).primaryKey(),
  name: varchar("name", { length: 120 }).notNull(),
  email: varchar("email", { length: 254 }).notNull(),
  role: varchar("role", { length: 20 }).notNull(),
  createdAtMs: atMs("created_at_ms").notNull(),
  disabledAtMs: atMs("disabled_at_ms"),
});

/** Members' keys, by their hash: what this table holds opens nothing. */
export const staffKeys = mysqlTable(
  "staff_keys",
  {
    id: varchar("id", { length: 40 }).primaryKey(),
    memberId: varchar("member_id", { length: 40 }).notNull(),
    name: varchar("name", { length: 120 }).notNull(),
    sha256: char("sha256", { length: 64 }).notNull(),
    scopes: json("scopes").$type<string[]>().notNull(),
    createdAtMs: atMs("created_at_ms").notNull(),
    createdBy: varchar("created_by", { length: 80 }).notNull(),
    expiresAtMs: atMs("expires_at_ms").notNull(),
    revokedAtMs: atMs("revoked_at_ms"),
    replacedBy: varchar("replaced_by", { length: 40 }),
    /** To the hour, so that use costs no write per request. */
    lastUsedAtMs: atMs("last_used_at_ms"),
  },
  (t) => [
    uniqueIndex("staff_keys_by_hash").on(t.sha256),
    index("staff_keys_by_member").on(t.memberId, t.id),
  ],
);
