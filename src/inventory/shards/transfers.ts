import { assert } from "../../shared/assert.ts";
import type { Take } from "../model.ts";
import type { StockBook } from "../stock-book.ts";
import { PEER_TABLES } from "../tables.ts";
import { type Place, WHOLE } from "./layout.ts";

/** One transfer: the `number`-th from one object to another. Nothing given uses up no number. */
export type Give = { number: number; parts: Take[] };

/** What a shard says of itself. `loose` are units that it gave and does not know to be booked. */
export type ShardReport = {
  free: number;
  held: number;
  booked: number;
  given: number;
  loose: number;
  /** Grows with every report: an older one that arrives late is not believed. */
  sequence: number;
};

export type Peer = {
  name: Place;
  given: number;
  givenParts: Take[];
  booked: number;
  isOpen: boolean;
  byBuyer: boolean;
  report: ShardReport | undefined;
};
type Row = {
  name: string;
  given: number;
  givenParts: string;
  booked: number;
  isOpen: number;
  byBuyer: number;
  report: string | null;
};

const COLUMNS =
  "name, given, given_parts AS givenParts, booked, is_open AS isOpen, by_buyer AS byBuyer, report";

/**
 * Units on their way between the whole and its shards, so that each is in exactly one ledger or in
 * flight, whatever crashes in between.
 *
 * Who needs units asks for transfer number `booked + 1`. Who gives takes them off its shelves and keeps
 * the number and the parts in the same transaction, and tells the same again to whoever asks for that
 * number again; an older number is a late copy of a question, and gets nothing. Who asked books each
 * number once. So an answer that is lost is asked for again, and nothing is given or booked twice.
 */
export class Transfers {
  readonly #sql: SqlStorage;
  readonly #book: StockBook;
  /** The shard of this channel, as both ends call it; at the whole each peer is one. */
  readonly #self: Place;
  #isReady = false;

  constructor(sql: SqlStorage, book: StockBook, self: Place) {
    this.#sql = sql;
    this.#book = book;
    this.#self = self;
  }

  peer(name: Place): Peer | undefined {
    this.#prepare();
    const query = `SELECT ${COLUMNS} FROM peer WHERE name = ?`;
    const [row] = this.#sql.exec<Row>(query, name);
    return row && peerOf(row);
  }

  peers(): Peer[] {
    this.#prepare();
    return this.#sql.exec<Row>(`SELECT ${COLUMNS} FROM peer ORDER BY name`).toArray().map(peerOf);
  }

  open(name: Place, { isOpen, byBuyer }: { isOpen: boolean; byBuyer: boolean }): void {
    this.#prepare();
    // An era that ever counted by buyer makes the place one to ask about buyers for good.
    this.#sql.exec(
      `INSERT INTO peer (name, is_open, by_buyer) VALUES (?, ?, ?) ON CONFLICT (name)
       DO UPDATE SET is_open = excluded.is_open, by_buyer = MAX(by_buyer, excluded.by_buyer)`,
      name,
      Number(isOpen),
      Number(byBuyer),
    );
  }

  saveReport(name: Place, report: ShardReport): void {
    const known = this.peer(name)?.report;
    if (known && known.sequence > report.sequence) return;
    this.#sql.exec("UPDATE peer SET report = ? WHERE name = ?", JSON.stringify(report), name);
  }

  /** Gives what `plan` says, once per number. `undefined`: a late copy of an older question. */
  give(name: Place, number: number, nowMs: number, plan: () => Take[]): Give | undefined {
    const { given, givenParts } = this.#known(name);
    if (number === given) return { number, parts: givenParts };
    if (number < given) return undefined;
    assert(number === given + 1, "a transfer was asked for before the one in front of it");
    const parts = plan();
    // Nothing to remember: a copy of this question that comes late only gives early what the next gets.
    if (parts.length === 0) return { number, parts };
    this.#book.transfer(this.#reference(name, "out", number), parts, "out", nowMs);
    const update = "UPDATE peer SET given = ?, given_parts = ? WHERE name = ?";
    this.#sql.exec(update, number, JSON.stringify(parts), name);
    return { number, parts };
  }

  /** Books what a peer gave, once; answers the units that came in. */
  take(name: Place, { number, parts }: Give, nowMs: number): number {
    const { booked } = this.#known(name);
    if (parts.length === 0 || number <= booked) return 0;
    assert(number === booked + 1, "a transfer was skipped");
    this.#book.transfer(this.#reference(name, "in", number), parts, "in", nowMs);
    this.#sql.exec("UPDATE peer SET booked = ? WHERE name = ?", number, name);
    return unitsIn(parts);
  }

  #known(name: Place): Peer {
    const known = this.peer(name);
    assert(known, "no transfer without a channel");
    return known;
  }

  /** The same words at both ends, so that what left one ledger is found in the other. */
  #reference(name: Place, direction: "out" | "in", number: number): string {
    const shard = this.#self === WHOLE ? name : this.#self;
    const isToShard = (this.#self === WHOLE) === (direction === "out");
    return `transfer:${isToShard ? `whole>${shard}` : `${shard}>whole`}:${number}`;
  }

  #prepare(): void {
    if (!this.#isReady) this.#sql.exec(PEER_TABLES);
    this.#isReady = true;
  }
}

export const unitsIn = (parts: readonly Take[]): number =>
  parts.reduce((sum, { quantity }) => sum + quantity, 0);

/** Units that left one end and have not arrived at the other, as the shard's report knows it. */
export function inFlight({ given, givenParts, booked, report }: Peer): number {
  const toShard = given > (report?.booked ?? 0) ? unitsIn(givenParts) : 0;
  const toWhole = report && report.given > booked ? report.loose : 0;
  return toShard + toWhole;
}

const peerOf = ({ givenParts, isOpen, byBuyer, report, ...row }: Row): Peer => ({
  ...row,
  givenParts: JSON.parse(givenParts) as Take[],
  isOpen: isOpen === 1,
  byBuyer: byBuyer === 1,
  report: report === null ? undefined : (JSON.parse(report) as ShardReport),
});
