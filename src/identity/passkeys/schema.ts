import { bigint, index, int, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { PasskeyId, UserId } from "../../shared/ids.ts";

const atMs = (name: string) => bigint(name, { mode: "number" });

/** Keys of authenticators. Public ones only: there is nothing secret here. */
export const passkeys = mysqlTable(
  "passkeys",
  {
    id: varchar("id", { length: 40 }).primaryKey().$type<PasskeyId>(),
    userId: varchar("user_id", { length: 40 }).notNull().$type<UserId>(),
    /** SHA-256 of the credential's id, which is case-sensitive and longer than an index may be. */
    credentialHash: varchar("credential_hash", { length: 64 })
      .notNull()
      .unique("passkeys_credential"),
    credentialId: varchar("credential_id", { length: 1400 }).notNull(),
    /** COSE, as base64url. */
    publicKey: varchar("public_key", { length: 2000 }).notNull(),
    /** Of signatures, where the authenticator counts: it never goes back. */
    counter: bigint("counter", { mode: "number" }).notNull(),
    /** How often it was used here. Grows with each use, so that every use changes the row. */
    uses: int("uses").notNull(),
    /** Comma-separated, for the browser's next question. */
    transports: varchar("transports", { length: 120 }).notNull(),
    name: varchar("name", { length: 60 }).notNull(),
    createdAtMs: atMs("created_at_ms").notNull(),
    lastUsedAtMs: atMs("last_used_at_ms"),
  },
  (t) => [index("passkeys_by_user").on(t.userId, t.createdAtMs)],
);
