import { bigint, index, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { DeviceId, SessionId, UserId } from "../../shared/ids.ts";
import type { DevicePlatform } from "./model.ts";

const atMs = (name: string) => bigint(name, { mode: "number" });

/**
 * Phones and browsers that are told of orders. One row per token: who registers it last has it. The token
 * itself is encrypted for its device; `createdAtMs` stands before `userId`, because the change of a row
 * assigns in this order and has to see whose it was.
 */
export const pushDevices = mysqlTable(
  "push_devices",
  {
    /** SHA-256. */
    tokenHash: varchar("token_hash", { length: 64 }).primaryKey(),
    createdAtMs: atMs("created_at_ms").notNull(),
    /** Follows from the user and the token: the same registration is the same device. */
    id: varchar("id", { length: 40 }).notNull().$type<DeviceId>(),
    userId: varchar("user_id", { length: 40 }).notNull().$type<UserId>(),
    /** It is told as long as this session is open. */
    sessionId: varchar("session_id", { length: 40 }).notNull().$type<SessionId>(),
    token: varchar("token", { length: 1_600 }).notNull(),
    platform: varchar("platform", { length: 10 }).notNull().$type<DevicePlatform>(),
    locale: varchar("locale", { length: 35 }),
    name: varchar("name", { length: 60 }),
    lastSeenAtMs: atMs("last_seen_at_ms").notNull(),
    /** When the sweep looks whether its session is still open. */
    checkDueMs: atMs("check_due_ms").notNull(),
  },
  (t) => [
    index("push_devices_by_user").on(t.userId, t.lastSeenAtMs),
    index("push_devices_due").on(t.checkDueMs),
  ],
);
