import { STOCK_MAX } from "./model.ts";

/**
 * The tables of one SKU's object. Append-only.
 *
 * `stock.may_owe` is set only where the backorder policy allows a location to fall below what it
 * holds, so the CHECK refuses every other way to oversell, whatever the code above it does.
 * `hold.quantity` is 0 only for an id that was released before its hold arrived.
 */
export const STOCK_MIGRATIONS = [
  `CREATE TABLE stock (
     location TEXT PRIMARY KEY,
     on_hand INTEGER NOT NULL CHECK (on_hand BETWEEN -${STOCK_MAX} AND ${STOCK_MAX}),
     held INTEGER NOT NULL CHECK (held >= 0),
     may_owe INTEGER NOT NULL DEFAULT 0 CHECK (may_owe IN (0, 1)),
     CHECK (on_hand >= held OR may_owe = 1)
   ) STRICT;

   CREATE TABLE hold (
     hold_id TEXT PRIMARY KEY,
     quantity INTEGER NOT NULL CHECK (quantity > 0 OR (quantity = 0 AND status = 'released')),
     status TEXT NOT NULL CHECK (status IN ('held', 'released', 'expired', 'committed')),
     expires_at_ms INTEGER NOT NULL,
     ended_at_ms INTEGER,
     CHECK ((status = 'held') = (ended_at_ms IS NULL))
   ) STRICT;
   CREATE INDEX hold_by_expiry ON hold (expires_at_ms) WHERE status = 'held';
   CREATE INDEX hold_by_end ON hold (ended_at_ms) WHERE status <> 'held';

   CREATE TABLE hold_part (
     hold_id TEXT NOT NULL REFERENCES hold (hold_id) ON DELETE CASCADE,
     location TEXT NOT NULL,
     quantity INTEGER NOT NULL CHECK (quantity > 0),
     PRIMARY KEY (hold_id, location)
   ) STRICT;

   CREATE TABLE ledger (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     kind TEXT NOT NULL,
     quantity INTEGER NOT NULL CHECK (quantity <> 0),
     location TEXT NOT NULL,
     reference TEXT NOT NULL,
     reason TEXT NOT NULL,
     occurred_at_ms INTEGER NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX ledger_movement ON ledger (reference)
     WHERE kind IN ('receive', 'adjust', 'return');
   CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
   CREATE TRIGGER ledger_is_never_cut BEFORE DELETE ON ledger
     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

   CREATE TABLE offer (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     backorder INTEGER NOT NULL CHECK (backorder IN (0, 1)),
     version INTEGER NOT NULL,
     published_in_stock INTEGER,
     publish_at_ms INTEGER,
     publish_attempts INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   INSERT INTO offer (one, backorder, version) VALUES (1, 0, 0);`,
  // What a hold sold is asked for when its order is cancelled, long after the hold was forgotten.
  "CREATE INDEX ledger_commits ON ledger (reference) WHERE kind = 'commit'",
  // Undoing a sale puts its units back where they lay, which is one movement over several locations.
  `CREATE UNIQUE INDEX ledger_movement_part ON ledger (reference, location)
     WHERE kind IN ('receive', 'adjust', 'return');
   DROP INDEX ledger_movement;`,
  "ALTER TABLE hold ADD COLUMN wants TEXT",
  // A buyer is written only while the SKU is limited per shopper: an index entry is billed as a row.
  "ALTER TABLE hold ADD COLUMN buyer TEXT",
  "CREATE INDEX hold_by_buyer ON hold (buyer) WHERE buyer IS NOT NULL",
  "ALTER TABLE offer ADD COLUMN shopper_limit TEXT",
  "ALTER TABLE offer ADD COLUMN layout TEXT",
] as const;

/**
 * What only a SKU that was ever sharded needs, made at its first use. A peer is the other end of a channel
 * of transfers: each shard at the whole, the whole at each shard. `given_parts` is kept until the peer
 * says that it has booked them, so the units are in flight for exactly as long as nobody else has them.
 */
export const PEER_TABLES = `CREATE TABLE IF NOT EXISTS peer (
     name TEXT PRIMARY KEY,
     given INTEGER NOT NULL DEFAULT 0,
     given_parts TEXT NOT NULL DEFAULT '[]',
     booked INTEGER NOT NULL DEFAULT 0,
     is_open INTEGER NOT NULL DEFAULT 0,
     by_buyer INTEGER NOT NULL DEFAULT 0,
     report TEXT
   ) STRICT;
   CREATE UNIQUE INDEX IF NOT EXISTS ledger_transfer ON ledger (reference, location)
     WHERE kind = 'transfer';`;
