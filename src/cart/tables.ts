import { ANSWERS_MIGRATION } from "../platform/objects/answers.ts";
import { QUANTITY_MAX } from "./model.ts";

/** The tables of one cart's object. Append-only. */
export const CART_MIGRATIONS = [
  ANSWERS_MIGRATION,
  `CREATE TABLE cart (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     cart_id TEXT NOT NULL,
     version INTEGER NOT NULL,
     currency TEXT NOT NULL,
     mode TEXT NOT NULL CHECK (mode IN ('standard', 'hyperlocal', 'split')),
     postal_code TEXT,
     checkout_id TEXT,
     touched_at_ms INTEGER NOT NULL
   ) STRICT;

   CREATE TABLE line (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     line_id TEXT NOT NULL UNIQUE,
     sku TEXT NOT NULL UNIQUE,
     quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND ${QUANTITY_MAX})
   ) STRICT;

   CREATE TABLE cleared (checkout_id TEXT PRIMARY KEY, cleared_at_ms INTEGER NOT NULL) STRICT;`,
] as const;
