import { createConnection } from "mariadb";
import { type MariaDb, type MariaDbOptions, startMariaDb } from "./mariadb.ts";

export type MariaDbReplicaOptions = Pick<MariaDbOptions, "dir" | "port" | "log" | "logFile"> & {
  /** Started with `binlog: true` and a port: replication speaks TCP only. */
  primary: MariaDb;
  delaySeconds?: number;
};

export type MariaDbReplica = MariaDb & {
  /** From now on changes show up this much later than on the primary. */
  setDelay(seconds: number): Promise<void>;
  /** Waits until all that the primary has committed so far is visible here. */
  caughtUp(withinMs?: number): Promise<void>;
};

/** A true, read-only replica: it receives the primary's binary log and replays it by GTID. */
export async function startMariaDbReplica(options: MariaDbReplicaOptions): Promise<MariaDbReplica> {
  const { primary, delaySeconds = 0, ...own } = options;
  if (!primary.port) throw new Error("the primary needs a TCP port to be replicated");
  const replica = await startMariaDb({ ...own, replica: true });

  // A stopped replica remembers its place, so a later start continues from there.
  await asAdmin(replica, [
    "STOP SLAVE",
    `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${primary.port},
       MASTER_USER = '${primary.admin.user}', MASTER_PASSWORD = '${primary.admin.password}',
       MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1, MASTER_DELAY = ${seconds(delaySeconds)}`,
    "START SLAVE",
  ]);
  return {
    ...replica,
    async setDelay(delay) {
      await asAdmin(replica, [
        "STOP SLAVE",
        `CHANGE MASTER TO MASTER_DELAY = ${seconds(delay)}`,
        "START SLAVE",
      ]);
    },
    async caughtUp(withinMs = 10_000) {
      const position = await scalar(primary, "SELECT @@global.gtid_binlog_pos");
      const wait = `SELECT MASTER_GTID_WAIT('${position}', ${withinMs / 1000})`;
      if ((await scalar(replica, wait)) !== 0) {
        throw new Error(`the replica has not reached ${position} within ${withinMs} ms`);
      }
    },
  };
}

function seconds(delay: number): number {
  if (!Number.isInteger(delay) || delay < 0) throw new RangeError("a delay is whole seconds >= 0");
  return delay;
}

async function asAdmin(server: MariaDb, statements: readonly string[]): Promise<unknown[]> {
  const { socketPath, admin } = server;
  const connection = await createConnection({ socketPath, ...admin });
  try {
    const results: unknown[] = [];
    for (const statement of statements) results.push(await connection.query(statement));
    return results;
  } finally {
    await connection.end();
  }
}

async function scalar(server: MariaDb, query: string): Promise<unknown> {
  const [rows] = (await asAdmin(server, [query])) as [Record<string, unknown>[]];
  return Object.values(rows[0] ?? {})[0];
}
