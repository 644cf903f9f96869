import { StatementStats, verbOf } from "../statement-stats.ts";
import {
  type ConnectionPool,
  inTransaction,
  leavesSessionState,
  runStatement,
} from "./connection-pool.ts";
import { NO_TRANSACTION, type TransactionOutcome, type Transactions } from "./transactions.ts";
import { VitessError } from "./vitess-error.ts";

const WRITE_VERBS = new Set(["insert", "update", "delete", "replace"]);
/** PlanetScale's limit for one data change. */
const WRITE_TIME_MAX_MS = 30_000;
const ENDS_TRANSACTION = /^\s*(?:commit|rollback)(?:\s+work)?\s*;?\s*$/i;
const BEGINS_TRANSACTION = /^\s*(?:begin(?:\s+work)?|start\s+transaction\b.*?)\s*;?\s*$/i;

/** Decides where a statement runs: in its session's transaction, in a new one, or by itself. */
export class StatementRunner {
  readonly stats = new StatementStats();
  readonly #pool: ConnectionPool;
  readonly #transactions: Transactions;

  constructor(pool: ConnectionPool, transactions: Transactions) {
    this.#pool = pool;
    this.#transactions = transactions;
  }

  /** `signature` is the session's, "" outside a transaction. Throws VitessError or the connector's SqlError. */
  async run(sql: string, signature: string): Promise<TransactionOutcome> {
    this.stats.statement(verbOf(sql));
    if (sql.trim() === "") {
      throw new VitessError("INVALID_ARGUMENT", "Query was empty (errno 1065) (sqlstate 42000)");
    }
    if (signature !== "") {
      // Undoing what is already undone succeeds, so that the driver's ROLLBACK hides no first error.
      const undone = /^\s*rollback\s*;?\s*$/i.test(sql) && !this.#transactions.isOpen(signature);
      return undone ? nothingDone() : await this.#transactions.run(signature, sql);
    }
    if (BEGINS_TRANSACTION.test(sql)) {
      this.stats.transaction();
      return await this.#transactions.begin(sql);
    }
    return ENDS_TRANSACTION.test(sql) ? nothingDone() : await this.#autocommit(sql);
  }

  /** True when success of this statement made something durable. */
  commits(sql: string, signature: string): boolean {
    return signature === "" ? WRITE_VERBS.has(verbOf(sql)) : verbOf(sql) === "commit";
  }

  async #autocommit(sql: string): Promise<TransactionOutcome> {
    const connection = await this.#pool.acquire();
    let reusable = false;
    try {
      const timeoutMs = WRITE_VERBS.has(verbOf(sql)) ? WRITE_TIME_MAX_MS : undefined;
      const outcome = await runStatement(connection, sql, timeoutMs);
      reusable = !leavesSessionState(sql) && !inTransaction(connection);
      return { session: NO_TRANSACTION, outcome };
    } catch (error) {
      reusable = (error as { fatal?: boolean }).fatal === false && !leavesSessionState(sql);
      throw error;
    } finally {
      if (reusable) this.#pool.release(connection);
      else this.#pool.discard(connection);
    }
  }
}

function nothingDone(): TransactionOutcome {
  const nothing = { affectedRows: 0, insertId: 0n, warningStatus: 0 };
  return { session: NO_TRANSACTION, outcome: [nothing, []] };
}
