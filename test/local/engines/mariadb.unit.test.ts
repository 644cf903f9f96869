import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection } from "mariadb";
import { onTestFinished, test } from "vitest";
import { type MariaDb, startMariaDb } from "../../../local/engines/mariadb.ts";
import { startMariaDbReplica } from "../../../local/engines/mariadb-replica.ts";
import { identify } from "../../../local/engines/process-record.ts";
import { availablePort } from "../../../local/stack/ports.ts";

const log = () => {};

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "frontage-mariadb-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Stopped before its directory is removed: finishers run last one first. */
function stopAfter<E extends MariaDb>(server: E): E {
  onTestFinished(() => server.kill());
  return server;
}

async function query(server: MariaDb, sql: string): Promise<Record<string, unknown>[]> {
  const { socketPath, user, password, database } = server;
  const connection = await createConnection({ socketPath, user, password, database });
  try {
    return await connection.query(sql);
  } finally {
    await connection.end();
  }
}

test("keeps committed data over a stop and over a crash, behind its socket only", async ({
  expect,
}) => {
  const dir = temporaryDir();
  const first = await startMariaDb({ dir, log });
  await query(first, "CREATE TABLE word (text VARCHAR(20) PRIMARY KEY)");
  await query(first, "INSERT INTO word VALUES ('stopped')");
  await first.stop();
  expect(identify(first.pid)).toBeUndefined();

  const second = await startMariaDb({ dir, log });
  await query(second, "INSERT INTO word VALUES ('killed 😀')");
  await second.kill();

  const third = stopAfter(await startMariaDb({ dir, log }));
  expect(await query(third, "SELECT text FROM word ORDER BY text")).toEqual([
    { text: "killed 😀" },
    { text: "stopped" },
  ]);
  const [settings] = await query(
    third,
    "SELECT @@skip_networking AS hidden, @@innodb_flush_log_at_trx_commit AS durable, @@collation_database AS collation",
  );
  expect(settings).toMatchObject({
    hidden: 1n,
    durable: 1n,
    collation: "utf8mb4_uca1400_nopad_ai_ci",
  });
  await expect(query(third, "SELECT * FROM mysql.user")).rejects.toThrow("denied");
});

test("an install that was cut off is done again", async ({ expect }) => {
  const dir = temporaryDir();
  await (await startMariaDb({ dir, log })).stop();
  rmSync(join(dir, "installed.json"));
  rmSync(join(dir, "data", "mysql"), { recursive: true });

  const lines: string[] = [];
  const server = stopAfter(await startMariaDb({ dir, log: (line) => lines.push(line) }));
  expect(await query(server, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect(lines).toEqual(["MariaDB: creating an empty database"]);
  expect(existsSync(join(dir, "installed.json"))).toBe(true);
});

test("a directory that is in use is refused", async ({ expect }) => {
  const dir = temporaryDir();
  const server = stopAfter(await startMariaDb({ dir, log }));
  await expect(startMariaDb({ dir, log })).rejects.toThrow("in use");
  expect(await query(server, "SELECT 1 AS one")).toHaveLength(1);
});

test("a replica follows, as late as it is told, and refuses writes", async ({ expect }) => {
  const port = await availablePort(0);
  const primary = stopAfter(await startMariaDb({ dir: temporaryDir(), port, binlog: true, log }));
  const replica = stopAfter(await startMariaDbReplica({ dir: temporaryDir(), primary, log }));
  await query(primary, "CREATE TABLE price (minor INT)");
  await query(primary, "INSERT INTO price VALUES (100)");
  await replica.caughtUp();
  expect(await query(replica, "SELECT minor FROM price")).toEqual([{ minor: 100 }]);
  await expect(query(replica, "INSERT INTO price VALUES (1)")).rejects.toThrow("read-only");

  await replica.setDelay(2);
  await query(primary, "UPDATE price SET minor = 200");
  await expect(replica.caughtUp(500)).rejects.toThrow("has not reached");
  expect(await query(replica, "SELECT minor FROM price")).toEqual([{ minor: 100 }]);
  await replica.caughtUp();
  expect(await query(replica, "SELECT minor FROM price")).toEqual([{ minor: 200 }]);
});

test("a server without a binary log from its start on cannot be replicated", async ({ expect }) => {
  const dir = temporaryDir();
  await (await startMariaDb({ dir, log })).stop();
  await expect(startMariaDb({ dir, log, binlog: true })).rejects.toThrow("without a binary log");
});
