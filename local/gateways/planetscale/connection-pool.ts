import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection, type FieldInfo, SqlError } from "mariadb";
import { VitessError } from "./vitess-error.ts";
import { type RawOutcome, ROWS_MAX } from "./wire-result.ts";

export type EngineAddress = { socketPath: string } | { host: string; port: number };
export type PoolOptions = {
  connect: EngineAddress;
  user: string;
  password: string;
  database: string;
  connectionsMax: number;
};

const CONNECT_TIMEOUT_MS = 800;
const TIMED_OUT = "ER_CONNECTION_TIMEOUT";
const GOODBYE_MS = 500;
const WAIT_FOR_CONNECTION_MS = 10_000;
const SELECT_TIME_MAX_SECONDS = 900;
// MySQL 8's default. MariaDB's ONLY_FULL_GROUP_BY is the stricter one: what passes here passes there.
const SQL_MODE = [
  "ONLY_FULL_GROUP_BY",
  "STRICT_TRANS_TABLES",
  "NO_ZERO_IN_DATE",
  "NO_ZERO_DATE",
  "ERROR_FOR_DIVISION_BY_ZERO",
  "NO_ENGINE_SUBSTITUTION",
].join();
const SESSION_SETUP = [
  // The nearest that MariaDB has to MySQL 8's utf8mb4_0900_ai_ci, for comparing what no column owns.
  "SET NAMES utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci",
  `SET time_zone='+00:00', sql_mode='${SQL_MODE}', max_statement_time=${SELECT_TIME_MAX_SECONDS}`,
  // One row more than may be answered, so that the excess is noticed but never fetched.
  `SET sql_select_limit=${ROWS_MAX + 1}`,
];

type Waiter = { grant(): void; refuse(error: Error): void };

/**
 * A bounded set of MariaDB connections. The connector's own pool retries a refused connection until
 * its acquire timeout; a gateway must tell a stopped server (fail at once) from a busy one (wait).
 */
export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  readonly #waiting: Waiter[] = [];
  #freeSlots: number;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#freeSlots = options.connectionsMax;
  }

  /** Every connection acquired must be given to `release` or `discard`, once. */
  async acquire(): Promise<Connection> {
    await this.#takeSlot();
    try {
      const connection = this.#idle.pop() ?? (await this.#connect());
      this.#busy.add(connection);
      return connection;
    } catch (error) {
      this.#freeSlot();
      throw error;
    }
  }

  /** Only for a connection outside any transaction and without session state of its own. */
  release(connection: Connection): void {
    if (this.#closed || !connection.isValid()) {
      this.discard(connection);
      return;
    }
    this.#busy.delete(connection);
    this.#idle.push(connection);
    this.#freeSlot();
  }

  /** Only for a connection on which nothing runs. The server rolls back what it left open. */
  discard(connection: Connection): void {
    this.#busy.delete(connection);
    void hangUp(connection);
    this.#freeSlot();
  }

  /**
   * Takes a connection away from the statement that may run on it. Not by the connector's `destroy()`
   * alone: that sends a KILL whose failure (the statement has just ended) nobody would catch.
   */
  async abort(connection: Connection): Promise<void> {
    try {
      const other = await this.#connect();
      await other.query(`KILL ${connection.threadId}`).catch(() => undefined);
      await hangUp(other);
      const deadline = performance.now() + GOODBYE_MS;
      while (connection.isValid() && performance.now() < deadline) await sleep(10);
    } catch {
      // The server cannot be reached, so no KILL of the connector's can meet a statement that ended.
    }
    connection.destroy();
    this.#busy.delete(connection);
    this.#freeSlot();
  }

  /** Ends what still runs, too. Nothing is open afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(shuttingDown());
    await Promise.all([
      ...this.#idle.splice(0).map(hangUp),
      ...[...this.#busy].map((connection) => this.abort(connection)),
    ]);
  }

  /**
   * A second attempt after a timeout: when something else kept this process busy, the timer went off
   * before the answer that lay there was read.
   */
  async #connect(): Promise<Connection> {
    try {
      return await this.#connectOnce();
    } catch (error) {
      if (!(error instanceof SqlError) || error.code !== TIMED_OUT) throw error;
      return this.#connectOnce();
    }
  }

  async #connectOnce(): Promise<Connection> {
    const { connectionsMax: _, ...credentials } = this.#options;
    const { connect, ...rest } = credentials;
    const connection = await createConnection({
      ...connect,
      ...rest,
      charset: "utf8mb4",
      connectTimeout: CONNECT_TIMEOUT_MS,
      initSql: SESSION_SETUP,
      // MySQL counts changed rows, not matched ones; so does PlanetScale.
      foundRows: false,
      rowsAsArray: true,
      metaAsArray: true,
      autoJsonMap: false,
      typeCast: (field: FieldInfo) => field.buffer(),
    });
    // Without a listener a server that stops would end this process.
    connection.on("error", () => {
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return connection;
  }

  async #takeSlot(): Promise<void> {
    if (this.#closed) throw shuttingDown();
    if (this.#freeSlots > 0) {
      this.#freeSlots -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new VitessError("RESOURCE_EXHAUSTED", "connection pool timed out"));
      }, WAIT_FOR_CONNECTION_MS);
      const settle = (then: () => void) => {
        clearTimeout(timer);
        then();
      };
      const waiter: Waiter = {
        grant: () => settle(resolve),
        refuse: (error) => settle(() => reject(error)),
      };
      this.#waiting.push(waiter);
    });
  }

  /** A freed slot goes straight to the longest waiter, so that a newcomer cannot overtake it. */
  #freeSlot(): void {
    const next = this.#waiting.shift();
    if (next) next.grant();
    else this.#freeSlots += 1;
  }
}

/** Says goodbye, or just leaves when the server does not take it. */
async function hangUp(connection: Connection): Promise<void> {
  const goodbye = connection.isValid() ? connection.end() : Promise.resolve();
  await Promise.race([
    goodbye.catch(() => undefined),
    sleep(GOODBYE_MS, undefined, { ref: false }),
  ]);
  connection.destroy();
}

/** Runs one statement as it is written. `timeoutMs` makes the server itself give up. */
export async function runStatement(
  connection: Connection,
  sql: string,
  timeoutMs?: number,
): Promise<RawOutcome> {
  return await connection.query<RawOutcome>(
    timeoutMs === undefined ? sql : { sql, timeout: timeoutMs },
  );
}

const SESSION_STATE =
  /^\s*(?:set|use|lock|unlock|prepare|deallocate)\b|\btemporary\s+table\b|\bget_lock\s*\(/i;
/** True for statements whose effect outlives them on their connection. Errs towards true. */
export function leavesSessionState(sql: string): boolean {
  return SESSION_STATE.test(sql);
}

const SERVER_STATUS_IN_TRANSACTION = 1;
/** What the server said about the connection after its last successful statement. */
export function inTransaction(connection: Connection): boolean {
  return ((connection.info?.status ?? 0) & SERVER_STATUS_IN_TRANSACTION) !== 0;
}

function shuttingDown(): VitessError {
  return new VitessError("UNAVAILABLE", "the tablet is shutting down");
}
