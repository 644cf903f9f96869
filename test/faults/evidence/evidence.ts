import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** What can be seen from outside, copied after the run: no row comes from what the saga believes. */
const TABLES = {
  // One ledger per place of a SKU, or of a whole shop's objects together; a transfer's other end has its name.
  inv: "seq INTEGER, sku TEXT, place TEXT, location TEXT, reservation_id TEXT, kind TEXT, qty INTEGER",
  snap: "sku TEXT, place TEXT, location TEXT, at_seq INTEGER, on_hand INTEGER, held INTEGER, final INTEGER",
  limits: "sku TEXT, units_max INTEGER",
  buyers: "attempt_key TEXT, shopper TEXT",
  psp: "n INTEGER, psp TEXT, checkout_id TEXT, idem_key TEXT, ref TEXT, kind TEXT, amount INTEGER, currency TEXT",
  calls:
    "n INTEGER, psp TEXT, attempt_key TEXT, started_ms INTEGER, ended_ms INTEGER, outcome TEXT",
  orders:
    "order_id TEXT, checkout_id TEXT, attempt_key TEXT, quote_id TEXT, psp TEXT, ref TEXT, status TEXT, currency TEXT, " +
    "total_minor INTEGER, ship_minor INTEGER, discount_minor INTEGER, voucher_minor INTEGER, paid_minor INTEGER, refunded_minor INTEGER",
  lines: "order_id TEXT, sku TEXT, qty INTEGER, unit_minor INTEGER",
  events: "order_id TEXT, seq INTEGER, event_id TEXT, type TEXT",
  q: "op TEXT, effect_id TEXT",
  mail: "order_id TEXT, template TEXT, provider_msg TEXT",
  http: "shopper TEXT, idem_key TEXT, fingerprint TEXT, status INTEGER, body TEXT, order_id TEXT, last INTEGER",
  attempts:
    "attempt_key TEXT, checkout_id TEXT, quote_id TEXT, started_ms INTEGER, answer_key TEXT",
  askers: "attempt_key TEXT, kind TEXT, name TEXT",
  try_limits: "kind TEXT, tries INTEGER, token_ms INTEGER",
  steps: "attempt_key TEXT, step TEXT",
  quotes:
    "quote_id TEXT, created_ms INTEGER, expires_ms INTEGER, total_minor INTEGER, coupon TEXT, voucher_id TEXT, voucher_minor INTEGER",
  quote_lines: "quote_id TEXT, sku TEXT, qty INTEGER, unit_minor INTEGER",
  prices: "sku TEXT, from_ms INTEGER, unit_minor INTEGER",
  carts: "shopper TEXT, sku TEXT, expected INTEGER, actual INTEGER",
  coupon_ledger: "code TEXT, seq INTEGER, kind TEXT, redemption_id TEXT, shopper TEXT",
  coupons: "code TEXT, uses_max INTEGER, per_shopper_max INTEGER",
  voucher_ledger: "voucher_id TEXT, seq INTEGER, kind TEXT, amount INTEGER, reference TEXT",
  refunds:
    "refund_id TEXT, order_id TEXT, attempt_key TEXT, status TEXT, amount INTEGER, voucher_minor INTEGER",
  restocks: "movement_id TEXT, sku TEXT, qty INTEGER, done INTEGER",
  last_buyers: "sku TEXT, refused INTEGER, available INTEGER",
  // What only the outside of a running shop shows.
  leaks: "shopper TEXT, what TEXT",
  listed: "order_id TEXT, status TEXT, captured_minor INTEGER, refunded_minor INTEGER",
  open_payments: "payment_key TEXT",
  unheard: "psp TEXT, event_id TEXT",
  dead_letters: "queue TEXT, message_id TEXT",
  endings: "shopper TEXT, ending TEXT",
  thrown: "place TEXT, message TEXT",
} as const;
export type Table = keyof typeof TABLES;

export class Evidence {
  readonly #rows = new Map<Table, SQLInputValue[][]>();

  add(table: Table, ...row: SQLInputValue[]): void {
    const rows = this.#rows.get(table);
    if (rows) rows.push(row);
    else this.#rows.set(table, [row]);
  }

  /** One SQLite database with everything, in memory or in a new file; the caller closes it. */
  toDatabase(file = ":memory:"): DatabaseSync {
    const database = new DatabaseSync(file);
    database.exec("BEGIN");
    for (const [table, columns] of Object.entries(TABLES)) {
      database.exec(`CREATE TABLE ${table} (${columns})`);
      const marks = columns.split(",").map(() => "?");
      const insert = database.prepare(`INSERT INTO ${table} VALUES (${marks})`);
      for (const row of this.#rows.get(table as Table) ?? []) insert.run(...row);
    }
    database.exec(`COMMIT; CREATE INDEX psp_by_key ON psp (idem_key); CREATE INDEX psp_by_ref ON psp (ref);
      CREATE INDEX orders_by_id ON orders (order_id); CREATE INDEX inv_by_hold ON inv (reservation_id);
      CREATE INDEX inv_by_shelf ON inv (sku, place, location, seq);
      CREATE INDEX lines_by_order ON lines (order_id); CREATE INDEX q_by_id ON q (effect_id)`);
    return database;
  }
}
