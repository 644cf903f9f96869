import { retryDelayMs } from "./lifetime.ts";

/** A guest's cart that is becoming part of a shopper's, or has. */
export type Merge = {
  /** Of one attempt: a cart that was given back gets another with the next. */
  mergeId: string;
  userId: string;
  state: "moving" | "moved";
};

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long an emptied cart remembers whose it became. Afterwards its token is as unknown as any. */
const MOVED_KEPT_MS = 30 * DAY_MS;
/** Longer than any merge is tried again. */
const OUTCOMES_KEPT_MS = 60 * DAY_MS;
/** Whoever asked for the merge brings it to its end; the alarm only if they did not. */
const LEFT_TO_CALLER_MS = 15_000;

/**
 * Both sides of a merge. The guest's object notes where its cart went before anything leaves it, the
 * shopper's what became of each merge, once and for all: so whoever brings them together may repeat it.
 */
export class MergeStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(): Merge | undefined {
    const query = "SELECT merge_id AS mergeId, user_id AS userId, state FROM merged";
    return this.#sql.exec<Merge>(query).toArray()[0];
  }

  begin({ mergeId, userId }: Omit<Merge, "state">, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO merged (one, merge_id, user_id, state, merged_at_ms, due_at_ms)
       VALUES (1, ?, ?, 'moving', ?, ?)`,
      mergeId,
      userId,
      nowMs,
      nowMs + LEFT_TO_CALLER_MS,
    );
  }

  markMoved(): void {
    this.#sql.exec("UPDATE merged SET state = 'moved'");
  }

  forget(): void {
    this.#sql.exec("DELETE FROM merged");
  }

  /** The merge that is to be brought to its end now. Its next time is noted with the question. */
  takeDue(nowMs: number): Merge | undefined {
    const due =
      "UPDATE merged SET attempts = attempts + 1 WHERE state = 'moving' AND due_at_ms <= ?";
    const row = this.#sql
      .exec<{ attempts: number }>(`${due} RETURNING attempts`, nowMs)
      .toArray()[0];
    if (!row) return undefined;
    this.#sql.exec("UPDATE merged SET due_at_ms = ?", nowMs + retryDelayMs(row.attempts));
    return this.find();
  }

  /** When the object has something to do about its merge; `undefined` when it has none. */
  dueAtMs(): number | undefined {
    const [row] = this.#sql
      .exec<{ atMs: number }>(
        "SELECT IIF(state = 'moving', due_at_ms, merged_at_ms + ?) AS atMs FROM merged",
        MOVED_KEPT_MS,
      )
      .toArray();
    return row?.atMs;
  }

  forgetOldMove(nowMs: number): void {
    const query = "DELETE FROM merged WHERE state = 'moved' AND merged_at_ms <= ?";
    this.#sql.exec(query, nowMs - MOVED_KEPT_MS);
  }

  /** What this cart once decided about a merge: whether it took the lines. */
  outcome(mergeId: string): "taken" | "refused" | undefined {
    return this.#sql
      .exec<{ outcome: "taken" | "refused" }>(
        "SELECT outcome FROM absorbed WHERE merge_id = ?",
        mergeId,
      )
      .toArray()[0]?.outcome;
  }

  /** Call it inside the transaction that takes the lines. */
  noteOutcome(mergeId: string, outcome: "taken" | "refused", nowMs: number): void {
    this.#sql.exec("DELETE FROM absorbed WHERE absorbed_at_ms < ?", nowMs - OUTCOMES_KEPT_MS);
    this.#sql.exec("INSERT INTO absorbed VALUES (?, ?, ?)", mergeId, outcome, nowMs);
  }
}
