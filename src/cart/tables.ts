import { ANSWERS_MIGRATION } from "../platform/objects/answers.ts";
import { QUANTITY_MAX } from "../shared/quantity.ts";

const CART_COLUMNS = `one INTEGER PRIMARY KEY CHECK (one = 1),
     cart_id TEXT NOT NULL,
     version INTEGER NOT NULL,
     currency TEXT NOT NULL,
     mode TEXT NOT NULL CHECK (mode IN ('standard', 'hyperlocal', 'split')),
     postal_code TEXT,
     checkout_id TEXT,
     touched_at_ms INTEGER NOT NULL`;

const SNAPSHOT_COLUMNS = [
  "snapshot_version INTEGER",
  "snapshot_attempts INTEGER NOT NULL DEFAULT 0",
  "snapshot_retry_at_ms INTEGER",
] as const;

const LINES = `CREATE TABLE line (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     line_id TEXT NOT NULL UNIQUE,
     sku TEXT NOT NULL UNIQUE,
     quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND ${QUANTITY_MAX})
   ) STRICT;

   CREATE TABLE cleared (checkout_id TEXT PRIMARY KEY, cleared_at_ms INTEGER NOT NULL) STRICT;`;

const EXPIRED = `CREATE TABLE expired (
     cart_id TEXT PRIMARY KEY,
     version INTEGER NOT NULL,
     mode TEXT NOT NULL,
     lines TEXT NOT NULL,
     expired_at_ms INTEGER NOT NULL,
     attempts INTEGER NOT NULL DEFAULT 0,
     due_at_ms INTEGER NOT NULL
   ) STRICT;`;

// A voucher's name is its id and its mask what may be shown of it; a coupon's name is its code.
const CODES = `CREATE TABLE code (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     kind TEXT NOT NULL CHECK (kind IN ('coupon', 'voucher')),
     name TEXT NOT NULL,
     mask TEXT NOT NULL,
     UNIQUE (kind, name)
   ) STRICT;`;

// `merged` is a guest's: where its cart went. `absorbed` is a shopper's: what became of each merge.
const MERGES = `CREATE TABLE merged (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     merge_id TEXT NOT NULL,
     user_id TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('moving', 'moved')),
     merged_at_ms INTEGER NOT NULL,
     attempts INTEGER NOT NULL DEFAULT 0,
     due_at_ms INTEGER NOT NULL
   ) STRICT;

   CREATE TABLE absorbed (
     merge_id TEXT PRIMARY KEY,
     outcome TEXT NOT NULL CHECK (outcome IN ('taken', 'refused')),
     absorbed_at_ms INTEGER NOT NULL
   ) STRICT;`;

/** The tables of one cart's object. Append-only. */
export const CART_MIGRATIONS = [
  ANSWERS_MIGRATION,
  `CREATE TABLE cart (${CART_COLUMNS}) STRICT; ${LINES}`,
  `${SNAPSHOT_COLUMNS.map((column) => `ALTER TABLE cart ADD COLUMN ${column};`).join("\n")}
   ${EXPIRED}`,
  CODES,
  MERGES,
] as const;

/** What they make, at once, for a cart that begins now; what is added to one is added to the other. */
export const CART_TABLES = `${ANSWERS_MIGRATION}
   CREATE TABLE cart (${[CART_COLUMNS, ...SNAPSHOT_COLUMNS].join(", ")}) STRICT;
   ${LINES} ${EXPIRED} ${CODES} ${MERGES}`;
