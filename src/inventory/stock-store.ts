import { assert } from "../shared/assert.ts";
import { timestamp } from "../shared/clock.ts";
import {
  DEFAULT_LOCATION,
  type LedgerEntry,
  type MovementKind,
  type ShopperLimit,
  type Take,
  type Want,
} from "./model.ts";
import { availableOf, byLocation, type Shelf } from "./stock.ts";

export type HoldStatus = "held" | "released" | "expired" | "committed";
export type StoredHold = {
  holdId: string;
  quantity: number;
  status: HoldStatus;
  expiresAtMs: number;
};
type Entry = {
  kind: MovementKind;
  quantity: number;
  location: string;
  reference: string;
  reason: string;
};

/** What an operator has said of the SKU, and how it is spread. */
type Policy = { backorder: boolean; limit: ShopperLimit | undefined; layout: object | undefined };
type PolicyRow = { backorder: number; limits: string | null; layout: string | null };

type LedgerRow = Entry & { sequence: number; occurredAtMs: number };

const entryOf = ({ occurredAtMs, ...entry }: LedgerRow): LedgerEntry => ({
  ...entry,
  occurredAt: timestamp(occurredAtMs),
});

/** How far back a hold is looked for: reading a row is billed, and a ledger has no end. */
const RECENT_ENTRIES_MAX = 10_000;
const LEDGER_COLUMNS =
  "sequence, kind, quantity, location, reference, reason, occurred_at_ms AS occurredAtMs";
const HOLD_COLUMNS = "hold_id AS holdId, quantity, status, expires_at_ms AS expiresAtMs";

/** The rows of one SKU. Every method is synchronous; the object decides what is one transaction. */
export class StockStore {
  readonly #sql: SqlStorage;
  /** Asked for several times with every hold; `undefined`: not read yet. */
  #policy: Policy | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  shelves(): Shelf[] {
    const rows = this.#sql.exec<Shelf>("SELECT location, on_hand AS onHand, held FROM stock");
    return rows.toArray().sort(byLocation);
  }

  /** Writes the shelves that differ: each row written is billed, and a change touches one or two. */
  saveShelves(shelves: readonly Shelf[], before: readonly Shelf[] = this.shelves()): void {
    const backorder = this.backorder();
    const earlier = new Map(before.map((shelf) => [shelf.location, shelf]));
    for (const { location, onHand, held } of shelves) {
      const known = earlier.get(location);
      if (known?.onHand === onHand && known.held === held) continue;
      const mayOwe = backorder && location === DEFAULT_LOCATION ? 1 : 0;
      // A debt that was made while backorders were allowed outlives the policy until it is covered.
      this.#sql.exec(
        `INSERT INTO stock (location, on_hand, held, may_owe) VALUES (?1, ?2, ?3,
           MAX(?4, COALESCE((SELECT may_owe FROM stock WHERE location = ?1 AND ?2 < ?3), 0)))
         ON CONFLICT (location) DO UPDATE SET on_hand = excluded.on_hand, held = excluded.held,
           may_owe = excluded.may_owe`,
        location,
        onHand,
        held,
        mayOwe,
      );
    }
  }

  available(): number {
    return availableOf(this.shelves());
  }

  backorder(): boolean {
    return this.#known().backorder;
  }

  setBackorder(backorder: boolean): void {
    this.#policy = undefined;
    this.#sql.exec("UPDATE offer SET backorder = ?", backorder ? 1 : 0);
    if (!backorder) this.#sql.exec("UPDATE stock SET may_owe = 0 WHERE on_hand >= held");
  }

  findHold(holdId: string): StoredHold | undefined {
    const query = `SELECT ${HOLD_COLUMNS} FROM hold WHERE hold_id = ?`;
    return this.#sql.exec<StoredHold>(query, holdId).toArray()[0];
  }

  listExpired(nowMs: number, limit: number): StoredHold[] {
    return this.#sql
      .exec<StoredHold>(
        `SELECT ${HOLD_COLUMNS} FROM hold WHERE status = 'held' AND expires_at_ms <= ?
         ORDER BY expires_at_ms LIMIT ?`,
        nowMs,
        limit,
      )
      .toArray();
  }

  nextExpiryMs(): number | undefined {
    const [row] = this.#sql.exec<{ dueMs: number | null }>(
      "SELECT MIN(expires_at_ms) AS dueMs FROM hold WHERE status = 'held'",
    );
    return row?.dueMs ?? undefined;
  }

  addHold(
    { holdId, quantity, expiresAtMs }: Omit<StoredHold, "status">,
    { wants, buyer }: { wants?: readonly Want[] | undefined; buyer?: string | undefined } = {},
  ): void {
    this.#sql.exec(
      `INSERT INTO hold (hold_id, quantity, status, expires_at_ms, wants, buyer)
       VALUES (?, ?, 'held', ?, ?, ?)`,
      holdId,
      quantity,
      expiresAtMs,
      wants ? JSON.stringify(wants) : null,
      buyer ?? null,
    );
  }

  shopperLimit(): ShopperLimit | undefined {
    return this.#known().limit;
  }

  setShopperLimit(limit: ShopperLimit | null): void {
    this.#policy = undefined;
    this.#sql.exec("UPDATE offer SET shopper_limit = ?", limit && JSON.stringify(limit));
  }

  /** What a shopper holds, and has bought since then. */
  unitsOf(buyer: string, sinceMs: number): number {
    const query = `SELECT COALESCE(SUM(quantity), 0) AS units FROM hold WHERE buyer = ?
      AND (status = 'held' OR (status = 'committed' AND ended_at_ms > ?))`;
    return this.#sql.exec<{ units: number }>(query, buyer, sinceMs).one().units;
  }

  /** Whether anybody's purchases count. */
  hasBuyers(): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM hold WHERE buyer IS NOT NULL LIMIT 1").toArray().length > 0
    );
  }

  /** What was undone counts for no shopper any more. */
  forgetBuyer(holdId: string): void {
    this.#sql.exec("UPDATE hold SET buyer = NULL WHERE hold_id = ? AND buyer IS NOT NULL", holdId);
  }

  /** How the SKU is spread over objects, as its own module writes it; absent when it never was. */
  layout<T>(): T | undefined {
    return this.#known().layout as T | undefined;
  }

  setLayout(layout: object): void {
    this.#policy = undefined;
    this.#sql.exec("UPDATE offer SET layout = ?", JSON.stringify(layout));
  }

  /** After a transaction that failed, what it had written is not so. */
  forgetCached(): void {
    this.#policy = undefined;
  }

  /** What a hold asked for; its whole quantity from anywhere when it named no location. */
  wantsOf(holdId: string): Want[] {
    const query = "SELECT quantity, wants FROM hold WHERE hold_id = ?";
    const row = this.#sql.exec<{ quantity: number; wants: string | null }>(query, holdId).one();
    return row.wants === null ? [{ quantity: row.quantity }] : (JSON.parse(row.wants) as Want[]);
  }

  /** Remembers an id that was given back before its hold came, so that the late hold takes nothing. */
  addReleased(holdId: string, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO hold (hold_id, quantity, status, expires_at_ms, ended_at_ms)
       VALUES (?, 0, 'released', ?, ?)`,
      holdId,
      nowMs,
      nowMs,
    );
  }

  endHold(holdId: string, status: Exclude<HoldStatus, "held">, nowMs: number): void {
    const update = "UPDATE hold SET status = ?, ended_at_ms = ? WHERE hold_id = ?";
    this.#sql.exec(update, status, nowMs, holdId);
  }

  partsOf(holdId: string): Take[] {
    return this.#sql
      .exec<Take>("SELECT location, quantity FROM hold_part WHERE hold_id = ?", holdId)
      .toArray();
  }

  /** Replaces where a hold's units lie: an expired hold that is taken again may find other shelves. */
  replaceParts(holdId: string, takes: readonly Take[]): void {
    this.#sql.exec("DELETE FROM hold_part WHERE hold_id = ?", holdId);
    this.addParts(holdId, takes);
  }

  addParts(holdId: string, takes: readonly Take[]): void {
    for (const { location, quantity } of takes) {
      this.#sql.exec("INSERT INTO hold_part VALUES (?, ?, ?)", holdId, location, quantity);
    }
  }

  /** Whether the hold is, or was, this object's. */
  knows(holdId: string): boolean {
    return this.findHold(holdId) !== undefined || this.soldParts(holdId).length > 0;
  }

  /** Forgets holds that ended long ago; the ledger keeps what they did. */
  forgetHolds(endedBeforeMs: number, limit: number): void {
    this.#sql.exec(
      `DELETE FROM hold WHERE hold_id IN (SELECT hold_id FROM hold
         WHERE status <> 'held' AND ended_at_ms < ? ORDER BY ended_at_ms LIMIT ?)`,
      endedBeforeMs,
      limit,
    );
  }

  hasMovement(movementId: string): boolean {
    const query = `SELECT 1 FROM ledger
      WHERE reference = ? AND kind IN ('receive', 'adjust', 'return')`;
    return this.#sql.exec(query, movementId).toArray().length > 0;
  }

  /** The units that a hold's commit took; 0 when it sold nothing. */
  soldBy(holdId: string): number {
    const query =
      "SELECT COALESCE(SUM(quantity), 0) AS sold FROM ledger WHERE reference = ? AND kind = 'commit'";
    return this.#sql.exec<{ sold: number }>(query, holdId).one().sold;
  }

  /** Where the units lay that a hold's commit took. */
  soldParts(holdId: string): Take[] {
    const query = "SELECT location, quantity FROM ledger WHERE reference = ? AND kind = 'commit'";
    return this.#sql.exec<Take>(query, holdId).toArray();
  }

  appendLedger({ kind, quantity, location, reference, reason }: Entry, nowMs: number): void {
    assert(quantity !== 0, "a movement of nothing");
    this.#sql.exec(
      `INSERT INTO ledger (kind, quantity, location, reference, reason, occurred_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
      kind,
      quantity,
      location,
      reference,
      reason,
      nowMs,
    );
  }

  listLedger(limit: number): LedgerEntry[] {
    const query = `SELECT ${LEDGER_COLUMNS} FROM ledger ORDER BY sequence DESC LIMIT ?`;
    return this.#sql.exec<LedgerRow>(query, limit).toArray().map(entryOf);
  }

  /**
   * What a sale and its returns moved. Commits and movements are found by their indexes, however old;
   * a hold and its end, which no index serves, only among the newest entries.
   */
  listMovements({
    holdId,
    movementIds,
  }: {
    holdId: string;
    movementIds: readonly string[];
  }): LedgerEntry[] {
    const marks = movementIds.map(() => "?").join(", ");
    const query = `SELECT ${LEDGER_COLUMNS} FROM ledger WHERE kind = 'commit' AND reference = ?1
      UNION SELECT ${LEDGER_COLUMNS} FROM ledger
        WHERE kind IN ('receive', 'adjust', 'return') AND reference IN (${marks})
      UNION SELECT ${LEDGER_COLUMNS} FROM
        (SELECT * FROM ledger ORDER BY sequence DESC LIMIT ${RECENT_ENTRIES_MAX})
        WHERE kind IN ('hold', 'release', 'expire') AND reference = ?1
      ORDER BY sequence`;
    return this.#sql
      .exec<LedgerRow>(query, holdId, ...movementIds)
      .toArray()
      .map(entryOf);
  }

  #known(): Policy {
    if (!this.#policy) {
      const [row] = this.#sql.exec<PolicyRow>(
        "SELECT backorder, shopper_limit AS limits, layout FROM offer",
      );
      this.#policy = {
        backorder: row?.backorder === 1,
        limit: row?.limits ? (JSON.parse(row.limits) as ShopperLimit) : undefined,
        layout: row?.layout ? (JSON.parse(row.layout) as object) : undefined,
      };
    }
    return this.#policy;
  }
}
