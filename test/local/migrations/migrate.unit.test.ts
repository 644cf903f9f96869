import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon, neonConfig } from "@neondatabase/serverless";
import { Client } from "@planetscale/database";
import { afterAll, beforeAll, beforeEach, describe, onTestFinished, test } from "vitest";
import { type MariaDb, startMariaDb } from "../../../local/engines/mariadb.ts";
import type { Gateway } from "../../../local/gateways/gateway.ts";
import { startNeon } from "../../../local/gateways/neon.ts";
import { startPlanetScale } from "../../../local/gateways/planetscale.ts";
import { chooseDatabases } from "../../../local/migrate.ts";
import { migrateMySql } from "../../../local/migrations/migrate-mysql.ts";
import { migratePostgres } from "../../../local/migrations/migrate-postgres.ts";
import { MigrationFailed, readMigrations } from "../../../local/migrations/migration-files.ts";

let dir: string;
let mariaDb: MariaDb;
let planetScale: Gateway;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "frontage-migrate-"));
  mariaDb = await startMariaDb({ dir: join(dir, "mariadb"), log: () => {} });
  const { socketPath, user, password, database } = mariaDb;
  planetScale = await startPlanetScale({
    port: 0,
    username: "shop",
    password: "secret",
    database,
    connect: { socketPath },
    mysqlUser: user,
    mysqlPassword: password,
  });
});
afterAll(async () => {
  await planetScale.close();
  await mariaDb.stop();
  rmSync(dir, { recursive: true });
});

/** A folder as drizzle-kit writes it, one entry per migration. */
function folderOf(migrations: Record<string, string[]>): string {
  const folder = mkdtempSync(join(dir, "migrations-"));
  mkdirSync(join(folder, "meta"));
  const entries = Object.keys(migrations).map((tag, idx) => ({ idx, tag, when: idx }));
  // Out of order on purpose: the index decides.
  const journal = JSON.stringify({ entries: entries.toReversed() });
  writeFileSync(join(folder, "meta/_journal.json"), journal);
  for (const [tag, statements] of Object.entries(migrations)) {
    writeFileSync(join(folder, `${tag}.sql`), statements.join("\n--> statement-breakpoint\n"));
  }
  return folder;
}
const read = (migrations: Record<string, string[]>) => readMigrations(folderOf(migrations));

describe("MySQL", () => {
  const url = () => `http://shop:secret@127.0.0.1:${planetScale.port}`;
  const tables = async () => {
    const { rows } = await new Client({ url: url() }).execute("SHOW TABLES");
    return (rows as Record<string, string>[]).flatMap((row) => Object.values(row)).sort();
  };
  beforeEach(async () => {
    const client = new Client({ url: url() });
    for (const table of await tables()) await client.execute(`DROP TABLE \`${table}\``);
  });

  test("applies each migration once, in order", async ({ expect }) => {
    const first = { "0000_a": ["CREATE TABLE a (n INT)", "ALTER TABLE a ADD m INT"] };
    expect(await migrateMySql(url(), read(first))).toEqual(["0000_a"]);
    expect(await migrateMySql(url(), read(first))).toEqual([]);
    const both = { ...first, "0001_b": ["ALTER TABLE a DROP m"] };
    expect(await migrateMySql(url(), read(both))).toEqual(["0001_b"]);
  });

  test("a half-applied one is reported, and goes on where it stopped", async ({ expect }) => {
    const broken = {
      "0000_a": ["CREATE TABLE a (n INT)", "ALTER TABLE missing ADD m INT", "CREATE TABLE b (n INT)"],
    };
    const failing = migrateMySql(url(), read(broken));
    await expect(failing).rejects.toThrow(MigrationFailed);
    await expect(failing).rejects.toThrow(/0000_a is applied up to statement 1 of 3; statement 2/);
    await expect(failing).rejects.toThrow(/missing' doesn't exist/);
    expect(await tables()).toEqual(["a", "schema_migrations"]);

    await new Client({ url: url() }).execute("CREATE TABLE missing (n INT)");
    expect(await migrateMySql(url(), read(broken))).toEqual(["0000_a"]);
    expect(await tables()).toEqual(["a", "b", "missing", "schema_migrations"]);
  });

  test("one that was edited after it had been applied is refused", async ({ expect }) => {
    await migrateMySql(url(), read({ "0000_a": ["CREATE TABLE a (n INT)"] }));
    const edited = read({ "0000_a": ["CREATE TABLE a (n BIGINT)"] });
    await expect(migrateMySql(url(), edited)).rejects.toThrow("0000_a was changed after");
  });
});

describe("Postgres", () => {
  async function database() {
    const options = { username: "shop", password: "secret", database: "shop" };
    const gateway = await startNeon({ port: 0, ...options });
    onTestFinished(() => gateway.close());
    const endpoint = `${gateway.url}/sql`;
    return { url: "postgresql://shop:secret@127.0.0.1/shop", endpoint };
  }

  test("applies each migration once, as a whole or not at all", async ({ expect }) => {
    const { url, endpoint } = await database();
    const broken = { "0000_a": ["CREATE TABLE a (n int)", "ALTER TABLE missing ADD m int"] };
    const failing = migratePostgres(url, read(broken), endpoint);
    await expect(failing).rejects.toThrow(/Postgres: 0000_a was not applied: .*missing/);

    const whole = read({ "0000_a": ["CREATE TABLE a (n int)"] });
    expect(await migratePostgres(url, whole, endpoint)).toEqual(["0000_a"]);
    expect(await migratePostgres(url, whole, endpoint)).toEqual([]);
    const edited = read({ "0000_a": ["CREATE TABLE a (n bigint)"] });
    await expect(migratePostgres(url, edited, endpoint)).rejects.toThrow("changed after");
  });

  test("leaves the driver's endpoint as it was", async ({ expect }) => {
    const { url, endpoint } = await database();
    const before = neonConfig.fetchEndpoint;
    await migratePostgres(url, [], endpoint);
    expect(neonConfig.fetchEndpoint).toBe(before);
    expect(neon(url)).toBeTypeOf("function");
  });
});

describe("chooseDatabases", () => {
  const local = { MYSQL_URL: "http://local", NEON_URL: "postgresql://local", NEON_ENDPOINT: "http://e" };
  function shopDir(): string {
    const folder = mkdtempSync(join(dir, "shop-"));
    writeFileSync(join(folder, "vars.json"), JSON.stringify(local));
    return folder;
  }

  test("flags win over the environment, which wins over the running shop", ({ expect }) => {
    expect(chooseDatabases([], {}, shopDir())).toEqual({
      mysqlUrl: "http://local",
      neonUrl: "postgresql://local",
      neonEndpoint: "http://e",
    });
    const env = { MYSQL_URL: "https://env", NEON_URL: "postgresql://env" };
    expect(chooseDatabases(["--mysql-url", "https://flag"], env, dir)).toEqual({
      mysqlUrl: "https://flag",
      neonUrl: "postgresql://env",
      neonEndpoint: undefined,
    });
  });

  test("a hosted database never gets the local endpoint", ({ expect }) => {
    const chosen = chooseDatabases(["--neon-url", "postgresql://hosted"], {}, shopDir());
    expect(chosen).toMatchObject({ mysqlUrl: "http://local", neonEndpoint: undefined });
  });

  test("without any it says so", ({ expect }) => {
    expect(() => chooseDatabases([], {}, dir)).toThrow("no local shop is running");
  });
});
