/**
 * The tables of one coupon's object. Append-only. The limits that a redemption was granted under
 * stand beside the counts, so the CHECKs refuse one use too many, whatever the code above does.
 * A redemption that is `restored` without a use was given back before it arrived.
 */
export const COUPON_MIGRATIONS = [
  `CREATE TABLE coupon (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     uses INTEGER NOT NULL CHECK (uses >= 0),
     uses_max INTEGER,
     CHECK (uses_max IS NULL OR uses <= uses_max)
   ) STRICT;

   CREATE TABLE shopper (
     shopper TEXT PRIMARY KEY,
     uses INTEGER NOT NULL CHECK (uses >= 0),
     uses_max INTEGER,
     CHECK (uses_max IS NULL OR uses <= uses_max)
   ) STRICT;

   CREATE TABLE redemption (
     redemption_id TEXT PRIMARY KEY,
     shopper TEXT,
     status TEXT NOT NULL CHECK (status IN ('redeemed', 'restored')),
     CHECK (status = 'restored' OR shopper IS NOT NULL)
   ) STRICT;

   CREATE TABLE ledger (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     kind TEXT NOT NULL CHECK (kind IN ('redeem', 'restore')),
     redemption_id TEXT NOT NULL,
     occurred_at_ms INTEGER NOT NULL,
     UNIQUE (redemption_id, kind)
   ) STRICT;
   CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
   CREATE TRIGGER ledger_is_never_cut BEFORE DELETE ON ledger
     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

   INSERT INTO coupon (one, uses) VALUES (1, 0);`,
] as const;

/** The tables of one voucher's object. Append-only. What is spent is never more than what was issued. */
export const VOUCHER_MIGRATIONS = [
  `CREATE TABLE voucher (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     mask TEXT NOT NULL,
     currency TEXT NOT NULL,
     initial INTEGER NOT NULL CHECK (initial > 0),
     balance INTEGER NOT NULL CHECK (balance BETWEEN 0 AND initial),
     expires_at_ms INTEGER
   ) STRICT;

   CREATE TABLE redemption (
     redemption_id TEXT PRIMARY KEY,
     amount INTEGER NOT NULL CHECK (amount > 0 OR (amount = 0 AND status = 'restored')),
     status TEXT NOT NULL CHECK (status IN ('redeemed', 'restored'))
   ) STRICT;

   CREATE TABLE ledger (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     kind TEXT NOT NULL CHECK (kind IN ('issue', 'redeem', 'restore')),
     amount INTEGER NOT NULL CHECK (amount > 0),
     balance INTEGER NOT NULL CHECK (balance >= 0),
     reference TEXT NOT NULL,
     occurred_at_ms INTEGER NOT NULL,
     UNIQUE (reference, kind)
   ) STRICT;
   CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
   CREATE TRIGGER ledger_is_never_cut BEFORE DELETE ON ledger
     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;`,
  // A refund gives a part of a redemption back. SQLite changes no CHECK: the ledger is copied, as it is.
  `CREATE TABLE credit (
     credit_id TEXT PRIMARY KEY,
     redemption_id TEXT NOT NULL REFERENCES redemption (redemption_id),
     amount INTEGER NOT NULL CHECK (amount > 0)
   ) STRICT;
   CREATE INDEX credit_by_redemption ON credit (redemption_id);

   ALTER TABLE ledger RENAME TO ledger_before;
   CREATE TABLE ledger (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     kind TEXT NOT NULL CHECK (kind IN ('issue', 'redeem', 'restore', 'credit')),
     amount INTEGER NOT NULL CHECK (amount > 0),
     balance INTEGER NOT NULL CHECK (balance >= 0),
     reference TEXT NOT NULL,
     occurred_at_ms INTEGER NOT NULL,
     UNIQUE (reference, kind)
   ) STRICT;
   INSERT INTO ledger SELECT * FROM ledger_before;
   DROP TABLE ledger_before;
   CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
   CREATE TRIGGER ledger_is_never_cut BEFORE DELETE ON ledger
     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;`,
] as const;
