import { bigint, mysqlTable, primaryKey, varchar } from "drizzle-orm/mysql-core";
import type { UserId } from "../../shared/ids.ts";

const atMs = (name: string) => bigint(name, { mode: "number" });
const userId = () => varchar("user_id", { length: 40 }).notNull().$type<UserId>();

/** An authenticator app. Secrets are encrypted for their user, under a seal of `AUTH_KEYS`. */
export const totpFactors = mysqlTable("totp_factors", {
  userId: userId().primaryKey(),
  /** Asked for at sign-in. Null until a first one was confirmed. */
  secret: varchar("secret", { length: 200 }),
  /** Handed out, not confirmed yet: it replaces the other once its holder has shown a code of it. */
  pendingSecret: varchar("pending_secret", { length: 200 }),
  pendingUntilMs: atMs("pending_until_ms").notNull(),
  /** The step of the last code that was taken: it and all before are over. */
  lastStep: bigint("last_step", { mode: "number" }).notNull(),
  confirmedAtMs: atMs("confirmed_at_ms"),
});

/** Codes on paper, each good once. */
export const recoveryCodes = mysqlTable(
  "recovery_codes",
  {
    userId: userId(),
    codeHash: varchar("code_hash", { length: 64 }).notNull(),
    createdAtMs: atMs("created_at_ms").notNull(),
    usedAtMs: atMs("used_at_ms"),
  },
  (t) => [primaryKey({ columns: [t.userId, t.codeHash] })],
);
