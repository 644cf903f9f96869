import type { Client, DatabaseError } from "@planetscale/database";
import { eq } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import { drizzle } from "drizzle-orm/planetscale-serverless";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type ShopDatabase, startShopDatabase } from "./shop-database.ts";

const samples = mysql.mysqlTable("samples", {
  id: mysql.bigint({ mode: "bigint", unsigned: true }).primaryKey().autoincrement(),
  count: mysql.int(),
  big: mysql.bigint({ mode: "bigint" }),
  price: mysql.decimal({ precision: 20, scale: 4 }),
  at: mysql.datetime({ fsp: 3 }),
  stamp: mysql.timestamp({ fsp: 3 }),
  data: mysql.json(),
  bytes: mysql.customType<{ data: Uint8Array }>({ dataType: () => "varbinary(64)" })(),
  name: mysql.varchar({ length: 200 }).unique(),
  notes: mysql.text(),
  kind: mysql.mysqlEnum(["a", "b"]),
  ratio: mysql.double(),
  active: mysql.boolean(),
});

let shop: ShopDatabase;
let client: Client;
beforeAll(async () => {
  shop = await startShopDatabase();
  client = shop.client();
  await client.execute(`CREATE TABLE samples (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, count INT, big BIGINT, price DECIMAL(20,4),
    at DATETIME(3), stamp TIMESTAMP(3) NULL, data JSON, bytes VARBINARY(64),
    name VARCHAR(200) UNIQUE, notes TEXT, kind ENUM('a','b'), ratio DOUBLE, active BOOLEAN,
    CONSTRAINT samples_count CHECK (count < 1000))`);
  await client.execute(
    "CREATE TABLE children (id INT PRIMARY KEY, sample BIGINT UNSIGNED NOT NULL, FOREIGN KEY (sample) REFERENCES samples (id))",
  );
}, 60_000);
afterAll(() => shop.stop());

/** The error of a statement that must fail. */
async function failure(sql: string): Promise<{ code: string; message: string; status: number }> {
  const error = await client.execute(sql).then(
    () => undefined,
    (thrown: DatabaseError) => thrown,
  );
  if (!error) throw new Error(`did not fail: ${sql}`);
  return { ...error.body, status: error.status };
}

describe("types", () => {
  const at = new Date(1_700_000_000_123);
  const awkward = 'it\'s "quoted" \\ back\n\t% _ \u0000 é 😀 ?';

  it("brings every value back through drizzle as it was", async ({ expect }) => {
    const db = drizzle(client);
    const sample = {
      count: -5,
      big: -9_223_372_036_854_775_808n,
      price: "1234567890123456.7891",
      at,
      stamp: at,
      data: { list: [1, null, { "k'": awkward }] },
      bytes: new Uint8Array([0, 255, 39, 92, 10]),
      name: awkward,
      notes: "",
      kind: "b" as const,
      ratio: 0.1,
      active: true,
    };
    const [inserted] = await db.insert(samples).values(sample).$returningId();
    const id = BigInt(inserted!.id);
    const [found] = await db.select().from(samples).where(eq(samples.id, id));
    expect(found).toEqual({ id, ...sample });
  });

  it("keeps NULL apart from empty in every column", async ({ expect }) => {
    const db = drizzle(client);
    const [inserted] = await db.insert(samples).values({ notes: "" }).$returningId();
    const [found] = await db
      .select()
      .from(samples)
      .where(eq(samples.id, BigInt(inserted!.id)));
    const { id: _, notes, ...rest } = found!;
    expect(notes).toBe("");
    expect(new Set(Object.values(rest))).toEqual(new Set([null]));
  });

  it("names the types as Vitess does", async ({ expect }) => {
    const { types } = await client.execute(
      `SELECT id, count, big, price, at, stamp, data, bytes, name, notes, kind, ratio, active,
        COUNT(*) OVER () AS n, JSON_OBJECT('a', 1) AS j, CAST(at AS DATE) AS day, NULL AS nothing,
        EXISTS (SELECT 1) AS found, count = 1 AS same, 1 AS one
       FROM samples`,
    );
    expect(types).toEqual({
      id: "UINT64",
      count: "INT32",
      big: "INT64",
      price: "DECIMAL",
      at: "DATETIME",
      stamp: "TIMESTAMP",
      data: "JSON",
      bytes: "VARBINARY",
      name: "VARCHAR",
      notes: "TEXT",
      kind: "ENUM",
      ratio: "FLOAT64",
      active: "INT8",
      n: "INT64",
      j: "JSON",
      day: "DATE",
      nothing: "NULL_TYPE",
      // MySQL 8 types integer expressions as BIGINT; MariaDB would not.
      found: "INT64",
      same: "INT64",
      one: "INT64",
    });
  });

  it("speaks UTC, MySQL 8's strict mode and utf8mb4", async ({ expect }) => {
    const { rows } = await client.execute(
      "SELECT @@time_zone AS zone, @@sql_mode AS mode, @@character_set_results AS charset",
    );
    const [session] = rows as { zone: string; mode: string; charset: string }[];
    expect(session).toMatchObject({ zone: "+00:00", charset: "utf8mb4" });
    expect(session!.mode).toContain("STRICT_TRANS_TABLES");
    expect(session!.mode).not.toContain("NO_BACKSLASH_ESCAPES");
  });
});

describe("results", () => {
  it("counts changed rows and gives the first id of an insert", async ({ expect }) => {
    const inserted = await client.execute("INSERT INTO samples (name) VALUES ('r1'), ('r2')");
    expect(inserted.rowsAffected).toBe(2);
    const change = "UPDATE samples SET count = 7 WHERE id >= ?";
    expect((await client.execute(change, [inserted.insertId])).rowsAffected).toBe(2);
    expect((await client.execute(change, [inserted.insertId])).rowsAffected).toBe(0);
    const { rows } = await client.execute("SELECT name FROM samples WHERE id = ?", [
      inserted.insertId,
    ]);
    expect(rows).toEqual([{ name: "r1" }]);
  });

  it("gives 100,000 rows and refuses one more", async ({ expect }) => {
    const { size } = await client.execute("SELECT seq FROM seq_1_to_100000");
    expect(size).toBe(100_000);
    const refused = await failure("SELECT seq FROM seq_1_to_100001");
    expect(refused.code).toBe("RESOURCE_EXHAUSTED");
    expect(refused.message).toContain("Row count exceeded 100000");
    const explicit = await failure("SELECT seq FROM seq_1_to_200000 LIMIT 100001");
    expect(explicit.code).toBe("RESOURCE_EXHAUSTED");
  });

  it("does not let a session variable leak to the next statement", async ({ expect }) => {
    await client.execute("SET time_zone = '+09:00'");
    const zones = await Promise.all(
      Array.from({ length: 8 }, () => client.execute("SELECT @@time_zone AS zone")),
    );
    expect(new Set(zones.map(({ rows }) => (rows[0] as { zone: string }).zone))).toEqual(
      new Set(["+00:00"]),
    );
  });
});

describe("errors", () => {
  it.for([
    ["INSERT INTO samples (name) VALUES ('twice'), ('twice')", "ALREADY_EXISTS", 1062],
    ["CREATE TABLE samples (id INT)", "ALREADY_EXISTS", 1050],
    ["SELECT * FROM missing", "NOT_FOUND", 1146],
    ["SELECT missing FROM samples", "NOT_FOUND", 1054],
    ["SELEC 1", "INVALID_ARGUMENT", 1064],
    ["SELECT 1; SELECT 2", "INVALID_ARGUMENT", 1064],
    [" ", "INVALID_ARGUMENT", 1065],
    ["INSERT INTO samples (count) VALUES ('many')", "INVALID_ARGUMENT", 1366],
    ["INSERT INTO children VALUES (1, 999999)", "FAILED_PRECONDITION", 1452],
    ["INSERT INTO samples (count) VALUES (5000)", "UNKNOWN", 3819],
    ["SET STATEMENT max_statement_time = 0.1 FOR SELECT SLEEP(5)", "DEADLINE_EXCEEDED", 3024],
  ] as const)("classifies %s as %s, errno %i", async ([sql, code, errno], { expect }) => {
    const error = await failure(sql);
    expect(error.status).toBe(400);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(
      /^target: frontage\.-\.primary: vttablet: rpc error: code = [A-Z][A-Za-z]+ desc = /,
    );
    expect(error.message).toContain(`(errno ${errno}) (sqlstate `);
  });

  it("answers 401 to a wrong password, on both methods", async ({ expect }) => {
    const wrong = shop.client("nope");
    const unauthorised = { status: 401, body: { code: "UNAUTHENTICATED" } };
    await expect(wrong.execute("SELECT 1")).rejects.toMatchObject(unauthorised);
    await expect(wrong.connection().refresh()).rejects.toMatchObject(unauthorised);
  });

  it("refuses malformed calls without touching the database", async ({ expect }) => {
    const headers = { Authorization: `Basic ${btoa("shop_user:pscale_pw_test")}` };
    const post = (path: string, body: string) =>
      fetch(`${shop.gateway.url}/psdb.v1alpha1.Database/${path}`, {
        method: "POST",
        headers,
        body,
      });
    await shop.resetStats();
    expect((await post("Execute", "not json")).status).toBe(400);
    expect((await post("Execute", '{"query":1}')).status).toBe(400);
    expect((await post("Execute", '{"query":"SELECT 1","session":{}}')).status).toBe(400);
    expect((await post("Nothing", "{}")).status).toBe(404);
    expect((await post("Execute", "x".repeat(17 * 1024 * 1024))).status).toBe(413);
    expect(await shop.stats()).toMatchObject({ statements: 0 });
  });
});

describe("for tests", () => {
  it("counts statements at the server, by verb", async ({ expect }) => {
    await shop.resetStats();
    await client.transaction(async (tx) => {
      await tx.execute("INSERT INTO samples (name) VALUES ('counted')");
      await tx.execute("/* why */ (SELECT 1)");
    });
    await failure("SELECT * FROM missing");
    expect(await shop.stats()).toEqual({
      statements: 5,
      transactions: 1,
      errors: 1,
      byVerb: { begin: 1, insert: 1, select: 2, commit: 1 },
    });
  });

  it("fails and delays statements as the dial says, until it is turned back", async ({
    expect,
  }) => {
    await shop.faults({ failRate: 1 });
    expect((await failure("SELECT 1")).code).toBe("UNAVAILABLE");
    await shop.faults({ latencyMs: 200 });
    const startedAt = performance.now();
    await client.execute("SELECT 1");
    expect(performance.now() - startedAt).toBeGreaterThan(190);
    expect(await shop.faults({ failrate: 1 })).toHaveProperty("error");
    expect(await shop.faults({})).toEqual({});
  });

  it("commits and hangs up when commit replies are dropped", async ({ expect }) => {
    await shop.faults({ dropCommitReply: true });
    const insert = (name: string) =>
      client.transaction((tx) => tx.execute("INSERT INTO samples (name) VALUES (?)", [name]));
    await expect(insert("lost-in-tx")).rejects.toThrow();
    await expect(
      client.execute("INSERT INTO samples (name) VALUES ('lost-alone')"),
    ).rejects.toThrow();
    await shop.faults({});
    const { size } = await client.execute("SELECT 1 FROM samples WHERE name LIKE 'lost-%'");
    expect(size).toBe(2);
  });
});
