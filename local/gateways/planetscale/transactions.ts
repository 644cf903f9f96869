import { randomBytes } from "node:crypto";
import type { Connection } from "mariadb";
import { verbOf } from "../statement-stats.ts";
import {
  type ConnectionPool,
  inTransaction,
  leavesSessionState,
  runStatement,
} from "./connection-pool.ts";
import { endsTransaction, isConnectionLost, VitessError } from "./vitess-error.ts";
import type { RawOutcome } from "./wire-result.ts";

/** The opaque object a client echoes; only the signature means something to this gateway. */
export type WireSession = { signature: string; vitessSession: Record<string, unknown> };

const ENDED_REMEMBERED_MAX = 1_000;
export const NO_TRANSACTION: WireSession = { signature: "", vitessSession: { autocommit: true } };

/** One BEGIN and the connection it pins, until it ends by any of its ways. */
type Transaction = {
  id: number;
  signature: string;
  connection: Connection;
  reaper: NodeJS.Timeout;
  /** Left session state behind, so that its connection must not serve anyone else. */
  tainted: boolean;
  /** A statement is at the server. */
  running: boolean;
  /** Rejected when the transaction is ended from outside, in the middle of a statement too. */
  cut: PromiseWithResolvers<never>;
  /** Statements of one session run one after another, whatever the client does. */
  tail: Promise<unknown>;
};

export type TransactionOutcome = { session: WireSession; outcome: RawOutcome };

/** Pins a connection to each open transaction and takes it back when the transaction ends. */
export class Transactions {
  readonly #pool: ConnectionPool;
  readonly #timeoutMs: number;
  readonly #open = new Map<string, Transaction>();
  /** Signature → how it ended, for clients that come back with a dead session. */
  readonly #ended = new Map<string, string>();
  #lastId = 1_000_000;

  constructor(pool: ConnectionPool, timeoutMs: number) {
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
  }

  /** Opens a transaction with the client's own BEGIN or START TRANSACTION. */
  async begin(sql: string): Promise<TransactionOutcome> {
    const connection = await this.#pool.acquire();
    let outcome: RawOutcome;
    try {
      outcome = await runStatement(connection, sql);
    } catch (error) {
      this.#pool.discard(connection);
      throw error;
    }
    this.#lastId += 1;
    const transaction: Transaction = {
      id: this.#lastId,
      signature: randomBytes(24).toString("base64url"),
      connection,
      reaper: setTimeout(
        () => void this.#cut(transaction, `exceeded timeout: ${this.#timeoutMs / 1_000}s`),
        this.#timeoutMs,
      ),
      tainted: false,
      running: false,
      cut: Promise.withResolvers<never>(),
      tail: Promise.resolve(),
    };
    transaction.cut.promise.catch(() => undefined); // Usually nobody is waiting.
    this.#open.set(transaction.signature, transaction);
    return { session: sessionOf(transaction), outcome };
  }

  /** Runs a statement in the session's transaction. Throws VitessError when that transaction is over. */
  async run(signature: string, sql: string): Promise<TransactionOutcome> {
    const transaction = this.#open.get(signature);
    if (!transaction) throw this.#over(signature);
    const turn = transaction.tail.then(() => this.#runNow(transaction, sql));
    transaction.tail = turn.catch(() => undefined);
    return await turn;
  }

  isOpen(signature: string): boolean {
    return this.#open.has(signature);
  }

  /** Rolls back whatever is open. */
  async close(): Promise<void> {
    const open = [...this.#open.values()];
    await Promise.all(open.map((each) => this.#cut(each, "the tablet is shutting down")));
  }

  async #runNow(transaction: Transaction, sql: string): Promise<TransactionOutcome> {
    // It may have ended while this statement waited for its turn.
    if (!this.#open.has(transaction.signature)) throw this.#over(transaction.signature);
    transaction.tainted ||= leavesSessionState(sql);
    // A COMMIT on its way is never cut: "ended" would be said of what may be committed.
    const commits = verbOf(sql) === "commit";
    if (commits) clearTimeout(transaction.reaper);
    transaction.running = true;
    try {
      const statement = runStatement(transaction.connection, sql);
      const outcome = await Promise.race([statement, transaction.cut.promise]);
      return { session: this.#afterStatement(transaction), outcome };
    } catch (error) {
      if (!this.#open.has(transaction.signature)) throw this.#over(transaction.signature);
      if (endsTransaction(error)) {
        const reason = isConnectionLost(error) ? "connection lost" : "deadlock";
        this.#end(transaction, reason);
        this.#pool.discard(transaction.connection);
      } else if (commits) {
        void this.#cut(transaction, "commit failed");
      }
      throw error;
    } finally {
      transaction.running = false;
    }
  }

  /** The server decides whether a transaction is over: after COMMIT, ROLLBACK, or DDL's implicit commit. */
  #afterStatement(transaction: Transaction): WireSession {
    if (inTransaction(transaction.connection)) return sessionOf(transaction);
    this.#end(transaction, "transaction committed or rolled back");
    if (transaction.tainted) this.#pool.discard(transaction.connection);
    else this.#pool.release(transaction.connection);
    return NO_TRANSACTION;
  }

  /** Ends a transaction from outside. Its client learns at once, whatever the server is doing. */
  async #cut(transaction: Transaction, reason: string): Promise<void> {
    const { signature, connection, running } = transaction;
    this.#end(transaction, reason);
    transaction.cut.reject(this.#over(signature));
    if (running) await this.#pool.abort(connection);
    else this.#pool.discard(connection);
  }

  #end(transaction: Transaction, reason: string): void {
    clearTimeout(transaction.reaper);
    this.#open.delete(transaction.signature);
    const endedAt = new Date().toISOString().replace("T", " ").replace("Z", " UTC");
    this.#ended.set(
      transaction.signature,
      `transaction ${transaction.id}: ended at ${endedAt} (${reason})`,
    );
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > ENDED_REMEMBERED_MAX && oldest !== undefined) this.#ended.delete(oldest);
  }

  #over(signature: string): VitessError {
    const ended = this.#ended.get(signature);
    return new VitessError(
      "ABORTED",
      ended ?? "transaction not found (potential transaction timeout)",
    );
  }
}

function sessionOf({ id, signature }: Transaction): WireSession {
  return {
    signature,
    vitessSession: {
      autocommit: true,
      inTransaction: true,
      shardSessions: [{ transactionId: String(id) }],
    },
  };
}
