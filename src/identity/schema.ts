import { bigint, index, int, json, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { SignInMethod } from "../platform/http/shopper.ts";
import type { SessionId, UserId } from "../shared/ids.ts";
import type { MailPurpose, UserStatus } from "./model.ts";

const atMs = (name: string) => bigint(name, { mode: "number" });

/** Somebody whose address was proven once. Who has only asked to register is an `account_mails` row. */
export const users = mysqlTable(
  "users",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<UserId>(),
    /** As its owner writes it; `emailKey` is what two spellings of one address have in common. */
    email: varchar("email", { length: 254 }).notNull(),
    emailKey: varchar("email_key", { length: 254 }).notNull().unique("users_email_key"),
    status: varchar("status", { length: 20 }).notNull().$type<UserStatus>(),
    /** Grows when all sessions end at once: a session or a token of an earlier epoch is over. */
    sessionEpoch: int("session_epoch").notNull(),
    createdAtMs: atMs("created_at_ms").notNull(),
    updatedAtMs: atMs("updated_at_ms").notNull(),
    /** When the epoch last grew; null if it never has. A feed that lost its storage is told it again. */
    epochRaisedAtMs: atMs("epoch_raised_at_ms"),
    /** When the feed has to be told of the epoch at the latest; null once it was. */
    revokeDueMs: atMs("revoke_due_ms"),
  },
  (t) => [
    index("users_revoke_due").on(t.revokeDueMs),
    index("users_epoch_raised").on(t.epochRaisedAtMs, t.id),
  ],
);

/** Absent for who signs in by other means only. */
export const passwords = mysqlTable("passwords", {
  userId: varchar("user_id", { length: 40 }).primaryKey().$type<UserId>(),
  /** A PHC string, with all that is needed to check it but the seal. */
  hash: varchar("hash", { length: 255 }).notNull(),
  changedAtMs: atMs("changed_at_ms").notNull(),
});

/** A family of refresh tokens, each generation replacing the one before. No token is stored. */
export const sessions = mysqlTable(
  "sessions",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<SessionId>(),
    userId: varchar("user_id", { length: 40 }).notNull().$type<UserId>(),
    epoch: int("epoch").notNull(),
    /** Of the refresh token that is good now. */
    generation: int("generation").notNull(),
    methods: json("methods").notNull().$type<SignInMethod[]>(),
    authenticatedAtMs: atMs("authenticated_at_ms").notNull(),
    startedAtMs: atMs("started_at_ms").notNull(),
    rotatedAtMs: atMs("rotated_at_ms").notNull(),
    expiresAtMs: atMs("expires_at_ms").notNull(),
    revokedAtMs: atMs("revoked_at_ms"),
    revokedReason: varchar("revoked_reason", { length: 40 }),
    /** When the feed has to be told at the latest; null once it was. */
    revokeDueMs: atMs("revoke_due_ms"),
  },
  (t) => [
    index("sessions_by_user").on(t.userId, t.startedAtMs),
    index("sessions_expired").on(t.expiresAtMs),
    index("sessions_revoke_due").on(t.revokeDueMs),
    index("sessions_revoked").on(t.revokedAtMs, t.id),
  ],
);

/**
 * Mails that somebody asked for, and what may be done once with the link in them. The link is sealed
 * from the id, so it stands neither here nor in a queue.
 */
export const accountMails = mysqlTable(
  "account_mails",
  {
    id: varchar("id", { length: 40 }).primaryKey(),
    purpose: varchar("purpose", { length: 30 }).notNull().$type<MailPurpose>(),
    email: varchar("email", { length: 254 }).notNull(),
    emailKey: varchar("email_key", { length: 254 }).notNull(),
    /** Of a change of address, for the account that asked. */
    userId: varchar("user_id", { length: 40 }).$type<UserId>(),
    /** Of a registration, for the account that it becomes. */
    passwordHash: varchar("password_hash", { length: 255 }),
    createdAtMs: atMs("created_at_ms").notNull(),
    expiresAtMs: atMs("expires_at_ms").notNull(),
    usedAtMs: atMs("used_at_ms"),
    /** When it is queued again; null once the provider has taken it, or nobody is to be told. */
    sendDueMs: atMs("send_due_ms"),
  },
  (t) => [
    index("account_mails_by_email").on(t.emailKey, t.purpose, t.createdAtMs),
    index("account_mails_expired").on(t.expiresAtMs),
    index("account_mails_due").on(t.sendDueMs),
  ],
);
