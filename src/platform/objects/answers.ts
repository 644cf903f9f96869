import { canonicalJson, sha256Hex } from "../../shared/digest.ts";

/** What a caller was told, kept so that a repeat with the same key is told the same. */
export type Answer = { status: number; body: string; headers: Record<string, string> };

export type Claim =
  | { kind: "new" }
  | { kind: "replay"; answer: Answer }
  | { kind: "conflict" }
  | { kind: "running" };

export const ANSWERS_MIGRATION = `CREATE TABLE answer (
  key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER, body TEXT, headers TEXT,
  claimed_at_ms INTEGER NOT NULL) STRICT;
  CREATE INDEX answer_by_age ON answer (claimed_at_ms);`;

/** Longer than the day that API.md promises, so that a repeat at its edge still finds its answer. */
export const ANSWER_KEPT_MS = 25 * 60 * 60 * 1000;
/** A claim whose runner died is taken over after this long. */
const CLAIM_LEASE_MS = 30_000;
const ANSWERS_MAX = 1_000;

/** The identity of a request: same key with another fingerprint is a different request under a used key. */
export const fingerprintOf = (method: string, path: string, body: unknown): Promise<string> =>
  sha256Hex(`${method} ${path} ${canonicalJson(body ?? null)}`);

/** Idempotent answers in the SQLite of the object that owns what the requests change. All synchronous. */
export class Answers {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Looks the key up and, when it is new, claims it. Call it in the same tick as the change it guards. */
  claim(key: string, fingerprint: string, nowMs: number): Claim {
    this.#forget(nowMs);
    const [row] = this.#sql.exec<{
      fingerprint: string;
      status: number | null;
      body: string | null;
      headers: string | null;
      claimed_at_ms: number;
    }>("SELECT fingerprint, status, body, headers, claimed_at_ms FROM answer WHERE key = ?", key);
    if (row && row.fingerprint !== fingerprint) return { kind: "conflict" };
    if (row?.status != null) {
      const headers = JSON.parse(row.headers ?? "{}") as Record<string, string>;
      return { kind: "replay", answer: { status: row.status, body: row.body ?? "", headers } };
    }
    if (row && row.claimed_at_ms + CLAIM_LEASE_MS > nowMs) return { kind: "running" };
    this.#sql.exec(
      "INSERT INTO answer (key, fingerprint, claimed_at_ms) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET claimed_at_ms = excluded.claimed_at_ms",
      key,
      fingerprint,
      nowMs,
    );
    return { kind: "new" };
  }

  /** Keeps the first answer given: a caller who was told something is never told something else. */
  settle(key: string, { status, body, headers }: Answer): void {
    const update =
      "UPDATE answer SET status = ?, body = ?, headers = ? WHERE key = ? AND status IS NULL";
    this.#sql.exec(update, status, body, JSON.stringify(headers), key);
  }

  /** Gives a key back whose request came to nothing, so that the same request may be tried again. */
  release(key: string): void {
    this.#sql.exec("DELETE FROM answer WHERE key = ? AND status IS NULL", key);
  }

  /** Until when the newest answer is owed to repeats; `undefined` when there is none. */
  keptUntilMs(): number | undefined {
    const query = "SELECT MAX(claimed_at_ms) AS atMs FROM answer";
    const { atMs } = this.#sql.exec<{ atMs: number | null }>(query).one();
    return atMs === null ? undefined : atMs + ANSWER_KEPT_MS;
  }

  /** For who wants to be forgotten: answers say what a caller was shown. */
  forgetAll(): void {
    this.#sql.exec("DELETE FROM answer");
  }

  #forget(nowMs: number): void {
    this.#sql.exec("DELETE FROM answer WHERE claimed_at_ms < ?", nowMs - ANSWER_KEPT_MS);
    // A bound on what one caller can make an object remember: the oldest go first.
    this.#sql.exec(
      "DELETE FROM answer WHERE key IN (SELECT key FROM answer ORDER BY claimed_at_ms DESC LIMIT -1 OFFSET ?)",
      ANSWERS_MAX,
    );
  }
}
