import type { Bucket } from "../../shared/token-bucket.ts";
import { type Fact, isStanding, type NewFact, type StandingKind, TOPICS } from "./facts.ts";

/** Append-only: what has shipped stays. */
export const FEED_MIGRATIONS = [
  `CREATE TABLE feed (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     position INTEGER NOT NULL,
     floor INTEGER NOT NULL CHECK (floor <= position),
     forwarded INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE fact (
     sequence INTEGER PRIMARY KEY,
     topic TEXT NOT NULL,
     kind TEXT NOT NULL,
     value TEXT NOT NULL,
     data TEXT,
     at_ms INTEGER NOT NULL,
     until_ms INTEGER,
     standing INTEGER NOT NULL CHECK (standing IN (0, 1)),
     UNIQUE (topic, value)
   ) STRICT;
   CREATE INDEX fact_by_age ON fact (standing, sequence);
   CREATE INDEX fact_by_end ON fact (until_ms) WHERE until_ms IS NOT NULL;
   CREATE TABLE batch (id TEXT PRIMARY KEY, position INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
   CREATE INDEX batch_by_age ON batch (at_ms);
   CREATE TABLE bucket (name TEXT PRIMARY KEY, full_at_ms INTEGER NOT NULL) STRICT;`,
  // A feed that is there already lost nothing.
  `ALTER TABLE feed ADD COLUMN generation TEXT NOT NULL DEFAULT '';
   ALTER TABLE feed ADD COLUMN is_whole INTEGER NOT NULL DEFAULT 1 CHECK (is_whole IN (0, 1));`,
] as const;

export type FeedHead = {
  position: number;
  floor: number;
  forwarded: number;
  generation: string;
  isWhole: boolean;
};
type Row = Omit<Fact, "data" | "untilMs"> & { data: string | null; untilMs: number | null };

const FACT_COLUMNS =
  "sequence, kind, value, data, at_ms AS atMs, until_ms AS untilMs FROM fact" as const;

/** The feed's tables. A topic and value have one row, their newest: that is the whole compaction. */
export class FeedStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Makes the feed's row when there is none: positions begin at the time, so that a feed that lost
   * its storage goes on behind every position it ever gave out. It cannot know whether it lost anything. */
  open(nowMs: number, generation: string): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO feed VALUES (1, ?, ?, ?, ?, 0)",
      nowMs,
      nowMs,
      nowMs,
      generation,
    );
  }

  head(): FeedHead {
    const { isWhole, ...head } = this.#sql
      .exec<Omit<FeedHead, "isWhole"> & { isWhole: number }>(
        "SELECT position, floor, forwarded, generation, is_whole AS isWhole FROM feed",
      )
      .one();
    return { ...head, isWhole: isWhole === 1 };
  }

  setGeneration(generation: string, { isWhole }: { isWhole: boolean }): void {
    this.#sql.exec("UPDATE feed SET generation = ?, is_whole = ?", generation, isWhole ? 1 : 0);
  }

  /** Writes all facts in two statements, whatever their number: an object binds at most 100 values. */
  insert(facts: readonly NewFact[], firstSequence: number, atMs: number): void {
    const rows = facts.map(({ kind, value, data, untilMs }, index) => [
      firstSequence + index,
      TOPICS[kind],
      kind,
      value,
      data ?? null,
      untilMs ?? null,
      isStanding(kind) ? 1 : 0,
    ]);
    this.#sql.exec(
      `INSERT OR REPLACE INTO fact (sequence, topic, kind, value, data, at_ms, until_ms, standing)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?, value ->> 5, value ->> 6
       FROM json_each(?)`,
      atMs,
      JSON.stringify(rows),
    );
    this.#sql.exec("UPDATE feed SET position = ?", firstSequence + facts.length - 1);
  }

  after(position: number, limit: number): Fact[] {
    const query = `SELECT ${FACT_COLUMNS} WHERE sequence > ? ORDER BY sequence LIMIT ?`;
    return this.#sql.exec<Row>(query, position, limit).toArray().map(factOf);
  }

  standing(kind: StandingKind): Fact[] {
    const query = `SELECT ${FACT_COLUMNS} WHERE topic = ? AND kind = ?`;
    return this.#sql.exec<Row>(query, TOPICS[kind], kind).toArray().map(factOf);
  }

  purgesAfter(position: number, limit: number): Pick<Fact, "sequence" | "kind" | "value">[] {
    return this.#sql
      .exec<Pick<Fact, "sequence" | "kind" | "value">>(
        `SELECT sequence, kind, value FROM fact
         WHERE sequence > ? AND topic IN ('purge', 'purge_all') ORDER BY sequence LIMIT ?`,
        position,
        limit,
      )
      .toArray();
  }

  count(topic: string): number {
    return this.#sql
      .exec<{ count: number }>("SELECT COUNT(*) AS count FROM fact WHERE topic = ?", topic)
      .one().count;
  }

  /** Purges below a purge of everything say nothing any more. */
  dropPurgesBelow(sequence: number): void {
    this.#sql.exec("DELETE FROM fact WHERE topic = 'purge' AND sequence < ?", sequence);
  }

  /** Forgets what is older, or beyond a number of rows, and remembers how far: that is the floor. */
  truncate(olderThanMs: number, keptMax: number): void {
    const [row] = this.#sql.exec<{ sequence: number | null }>(
      `SELECT MAX(sequence) AS sequence FROM fact WHERE standing = 0 AND (at_ms <= ? OR sequence <=
         (SELECT sequence FROM fact WHERE standing = 0 ORDER BY sequence DESC LIMIT 1 OFFSET ?))`,
      olderThanMs,
      keptMax,
    );
    const newest = row?.sequence;
    if (newest === null || newest === undefined) return;
    this.#sql.exec("DELETE FROM fact WHERE standing = 0 AND sequence <= ?", newest);
    this.#sql.exec("UPDATE feed SET floor = MAX(floor, ?)", newest);
  }

  /** What ended by itself has ended for every reader too, so forgetting it needs no floor. */
  dropEnded(nowMs: number): void {
    this.#sql.exec("DELETE FROM fact WHERE until_ms <= ?", nowMs);
  }

  positionOfBatch(id: string): number | undefined {
    const [row] = this.#sql.exec<{ position: number }>(
      "SELECT position FROM batch WHERE id = ?",
      id,
    );
    return row?.position;
  }

  recordBatch(id: string, position: number, atMs: number): void {
    this.#sql.exec("INSERT INTO batch VALUES (?, ?, ?)", id, position, atMs);
  }

  dropBatches(olderThanMs: number): void {
    this.#sql.exec("DELETE FROM batch WHERE at_ms <= ?", olderThanMs);
  }

  /** When something is due to be forgotten next; undefined when everything kept is standing. */
  nextDueMs(keptMs: number): number | undefined {
    const { dueMs } = this.#sql
      .exec<{ dueMs: number | null }>(
        `SELECT MIN(due) AS dueMs FROM (
           SELECT MIN(at_ms) + ?1 AS due FROM fact WHERE standing = 0
           UNION ALL SELECT MIN(until_ms) FROM fact WHERE until_ms IS NOT NULL
           UNION ALL SELECT MIN(at_ms) + ?1 FROM batch)`,
        keptMs,
      )
      .one();
    return dueMs ?? undefined;
  }

  bucket(name: string): Bucket | undefined {
    const [row] = this.#sql.exec<Bucket>(
      "SELECT full_at_ms AS fullAtMs FROM bucket WHERE name = ?",
      name,
    );
    return row;
  }

  setBucket(name: string, { fullAtMs }: Bucket): void {
    this.#sql.exec("INSERT OR REPLACE INTO bucket VALUES (?, ?)", name, Math.ceil(fullAtMs));
  }

  setForwarded(position: number): void {
    this.#sql.exec("UPDATE feed SET forwarded = ?", position);
  }
}

const factOf = ({ data, untilMs, ...fact }: Row): Fact => ({
  ...fact,
  ...(data === null ? {} : { data }),
  ...(untilMs === null ? {} : { untilMs }),
});
