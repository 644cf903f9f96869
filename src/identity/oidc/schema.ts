import { bigint, mysqlTable, unique, varchar } from "drizzle-orm/mysql-core";
import type { UserId } from "../../shared/ids.ts";

const atMs = (name: string) => bigint(name, { mode: "number" });

/** Who may sign in as whom by an account elsewhere: one per user and issuer. */
export const oidcIdentities = mysqlTable(
  "oidc_identities",
  {
    /** SHA-256 of issuer and subject: subjects are case-sensitive, text columns are not. */
    identityHash: varchar("identity_hash", { length: 64 }).primaryKey(),
    userId: varchar("user_id", { length: 40 }).notNull().$type<UserId>(),
    /** The address, not the provider's name in our settings: that could be given to another. */
    issuer: varchar("issuer", { length: 255 }).notNull(),
    subject: varchar("subject", { length: 255 }).notNull(),
    linkedAtMs: atMs("linked_at_ms").notNull(),
  },
  (t) => [unique("oidc_identities_by_user").on(t.userId, t.issuer)],
);
