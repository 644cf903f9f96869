import { type NeonQueryFunction, neon, neonConfig } from "@neondatabase/serverless";
import { eq, sql as fragment } from "drizzle-orm";
import { drizzle } from "drizzle-orm/neon-http";
import { bigint, customType, jsonb, numeric, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Gateway } from "../../../local/gateways/gateway.ts";
import { startNeon } from "../../../local/gateways/neon.ts";

const AWKWARD = 'it\'s "quoted" \\ back\n\t é 😀 $1 {a,b}';
const documents = pgTable("documents", {
  id: text().primaryKey(),
  body: jsonb(),
  count: bigint({ mode: "bigint" }),
  price: numeric({ precision: 20, scale: 4 }),
  at: timestamp({ withTimezone: true, precision: 3 }),
  words: text().array(),
  bytes: customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" })(),
});

let gateway: Gateway;
let sql: NeonQueryFunction<false, true>;
const connect = (login = "owner:p%40ss", database = "shop") =>
  neon(`postgresql://${login}@db.localtest.me/${database}`, { fullResults: true });

beforeAll(async () => {
  gateway = await startNeon({ port: 0, username: "owner", password: "p@ss", database: "shop" });
  sql = connect();
}, 60_000);
beforeAll(async () => {
  neonConfig.fetchEndpoint = `${gateway.url}/sql`;
  await sql`CREATE TABLE documents (id TEXT PRIMARY KEY, body JSONB, count BIGINT,
    price NUMERIC(20,4), at TIMESTAMPTZ(3), words TEXT[], bytes BYTEA,
    CONSTRAINT documents_count CHECK (count > -100))`;
  await sql`CREATE TABLE notes (id INT PRIMARY KEY,
    document TEXT REFERENCES documents DEFERRABLE INITIALLY DEFERRED)`;
});
afterAll(() => gateway.close());

const newId = () => crypto.randomUUID();
const countOf = async (id: string) =>
  Number((await sql`SELECT COUNT(*) FROM documents WHERE id = ${id}`).rows[0]!.count);

describe("types", () => {
  const document = {
    body: { [AWKWARD]: [1, null, { deep: AWKWARD }] },
    count: 9_223_372_036_854_775_807n,
    price: "1234567890123456.7891",
    at: new Date(1_700_000_000_123),
    words: [AWKWARD, "", "NULL", "b,c"],
    bytes: Buffer.from([0, 255, 39, 92]),
  };

  it("come back through drizzle as they were", async ({ expect }) => {
    const db = drizzle(neon("postgresql://owner:p%40ss@db.localtest.me/shop"));
    const id = newId();
    await db.insert(documents).values({ id, ...document });
    const [found] = await db.select().from(documents).where(eq(documents.id, id));
    expect(found).toEqual({ id, ...document });
  });

  it("keep NULL apart from empty", async ({ expect }) => {
    const id = newId();
    const { rows } = await sql`INSERT INTO documents (id, words) VALUES (${id}, ${[]}) RETURNING *`;
    expect(rows).toEqual([
      { id, words: [], body: null, count: null, price: null, at: null, bytes: null },
    ]);
  });

  it("follow the driver's parsers, by their Postgres type", async ({ expect }) => {
    const { rows, fields, command, rowCount } =
      await sql`SELECT 1 AS i, 2.50::numeric AS n, true AS b, 'x' AS t, ARRAY[1,2] AS a,
        '{"k":[1]}'::jsonb AS j, 7::int8 AS big, '2026-01-02 03:04:05+00'::timestamptz AS at`;
    // Not "at": drizzle, which another test uses, replaces the driver's date parsers for good.
    expect(rows).toMatchObject([
      { i: 1, n: "2.50", b: true, t: "x", a: [1, 2], j: { k: [1] }, big: "7" },
    ]);
    expect(fields.map(({ dataTypeID }) => dataTypeID)).toEqual([
      23, 1700, 16, 25, 1007, 3802, 20, 1184,
    ]);
    expect({ command, rowCount }).toEqual({ command: "SELECT", rowCount: 1 });
  });

  it("count the rows of a change", async ({ expect }) => {
    const [a, b] = [newId(), newId()];
    const inserted = await sql`INSERT INTO documents (id) VALUES (${a}), (${b})`;
    expect(inserted).toMatchObject({ command: "INSERT", rowCount: 2, rows: [] });
    const removed = await sql`DELETE FROM documents WHERE id IN (${a}, ${b})`;
    expect(removed).toMatchObject({ command: "DELETE", rowCount: 2 });
    expect(await sql`CREATE TABLE IF NOT EXISTS documents ()`).toMatchObject({ rowCount: null });
  });
});

describe("batches", () => {
  it("are one transaction: all of it", async ({ expect }) => {
    const id = newId();
    const [, found] = await sql.transaction([
      sql`INSERT INTO documents (id) VALUES (${id})`,
      sql`SELECT id FROM documents WHERE id = ${id}`,
    ]);
    expect(found!.rows).toEqual([{ id }]);
    expect(await countOf(id)).toBe(1);
  });

  it("or none of it, through drizzle too", async ({ expect }) => {
    const db = drizzle(neon("postgresql://owner:p%40ss@db.localtest.me/shop"));
    const id = newId();
    const failing = db.batch([
      db.insert(documents).values({ id }),
      db.update(documents).set({ count: fragment`1 / 0` }).where(eq(documents.id, id)),
    ]);
    await expect(failing).rejects.toThrow();
    expect(await countOf(id)).toBe(0);
  });

  it("are undone by a constraint that is checked at commit", async ({ expect }) => {
    const failing = sql.transaction([sql`INSERT INTO notes VALUES (1, 'nobody')`, sql`SELECT 1`]);
    await expect(failing).rejects.toMatchObject({ code: "23503", table: "notes" });
    expect((await sql`SELECT * FROM notes`).rows).toEqual([]);
  });

  it("take isolation level, read-only and deferrable", async ({ expect }) => {
    const [isolation, readOnly, deferrable] = await sql.transaction(
      [
        sql`SHOW transaction_isolation`,
        sql`SHOW transaction_read_only`,
        sql`SHOW transaction_deferrable`,
      ],
      { isolationLevel: "Serializable", readOnly: true, deferrable: true },
    );
    expect(isolation!.rows[0]).toEqual({ transaction_isolation: "serializable" });
    expect(readOnly!.rows[0]).toEqual({ transaction_read_only: "on" });
    expect(deferrable!.rows[0]).toEqual({ transaction_deferrable: "on" });
    const write = sql.transaction([sql`INSERT INTO documents (id) VALUES ('x')`], {
      readOnly: true,
    });
    await expect(write).rejects.toMatchObject({ code: "25006" });
  });

  it("do not mix with what others run meanwhile", async ({ expect }) => {
    const ids = Array.from({ length: 20 }, newId);
    const results = await Promise.allSettled(
      ids.map((id, at) =>
        sql.transaction([
          sql`INSERT INTO documents (id) VALUES (${id})`,
          at % 2 === 0 ? sql`SELECT 1` : sql`SELECT 1 / 0`,
        ]),
      ),
    );
    expect(results.map(({ status }) => status === "fulfilled")).toEqual(
      ids.map((_, at) => at % 2 === 0),
    );
    const { rows } = await sql`SELECT id FROM documents WHERE id = ANY(${ids})`;
    expect(rows).toHaveLength(10);
  });
});

describe("errors", () => {
  it("say what a program needs to know", async ({ expect }) => {
    const id = newId();
    await sql`INSERT INTO documents (id) VALUES (${id})`;
    await expect(sql`INSERT INTO documents (id) VALUES (${id})`).rejects.toMatchObject({
      name: "NeonDbError",
      code: "23505",
      severity: "ERROR",
      constraint: "documents_pkey",
      table: "documents",
      schema: "public",
      detail: `Key (id)=(${id}) already exists.`,
    });
    await expect(
      sql`INSERT INTO documents (id, count) VALUES (${newId()}, -500)`,
    ).rejects.toMatchObject({ code: "23514", constraint: "documents_count" });
  });

  it.for([
    ["SELEC 1", "42601"],
    ["SELECT 1; SELECT 2", "42601"],
    ["SELECT * FROM missing", "42P01"],
    ["SELECT 1 / 0", "22012"],
    ["SELECT 'x'::int", "22P02"],
    ["COPY documents FROM STDIN", "0A000"],
  ] as const)("%s gives %s", async ([query, code], { expect }) => {
    await expect(sql.query(query)).rejects.toMatchObject({ code });
  });

  it("refuses the wrong password, user and database", async ({ expect }) => {
    const wrong = (login: string, database?: string) => connect(login, database)`SELECT 1`;
    await expect(wrong("owner:nope")).rejects.toMatchObject({
      name: "NeonDbError",
      message: "password authentication failed for user 'owner'",
      code: "28P01",
    });
    await expect(wrong("other:p%40ss")).rejects.toMatchObject({ code: "28P01" });
    await expect(wrong("owner:p%40ss", "other")).rejects.toMatchObject({ code: "3D000" });
  });

  it("refuses malformed requests", async ({ expect }) => {
    const headers = {
      "Neon-Connection-String": "postgresql://owner:p%40ss@db.localtest.me/shop",
      "Neon-Raw-Text-Output": "true",
      "Neon-Array-Mode": "true",
    };
    for (const body of [
      "",
      "null",
      '{"query":1}',
      '{"queries":[{}]}',
      '{"query":"x","params":1}',
    ]) {
      const response = await fetch(`${gateway.url}/sql`, { method: "POST", headers, body });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: "08P01" });
    }
    const bare = await fetch(`${gateway.url}/sql`, {
      method: "POST",
      body: '{"query":"SELECT 1"}',
    });
    expect(bare.status).toBe(400);
    expect((await fetch(`${gateway.url}/other`)).status).toBe(404);
  });
});

describe("the one session", () => {
  it("is clean for each request", async ({ expect }) => {
    const id = newId();
    await sql`BEGIN`;
    await sql`INSERT INTO documents (id) VALUES (${id})`;
    await sql`ROLLBACK`;
    expect(await countOf(id)).toBe(1); // BEGIN and ROLLBACK each were alone.
    await sql`SET timezone = 'Asia/Tokyo'`;
    expect((await sql`SHOW timezone`).rows).not.toEqual([{ TimeZone: "Asia/Tokyo" }]);
  });

  it("has the extensions that search needs", async ({ expect }) => {
    await sql`CREATE EXTENSION IF NOT EXISTS pg_trgm`;
    await sql`CREATE EXTENSION IF NOT EXISTS unaccent`;
    const { rows } = await sql`SELECT similarity('keyboard', 'keybord') > 0.4 AS near,
      unaccent('é') AS plain`;
    expect(rows).toEqual([{ near: true, plain: "e" }]);
  });
});

describe("for tests", () => {
  it("counts statements and batches", async ({ expect }) => {
    await fetch(`${gateway.url}/stats/reset`, { method: "POST" });
    await sql`SELECT 1`;
    await sql.transaction([sql`SELECT 1`, sql`UPDATE documents SET count = 1 WHERE false`]);
    await expect(sql`SELECT 1 / 0`).rejects.toThrow();
    expect(await (await fetch(`${gateway.url}/stats`)).json()).toEqual({
      statements: 4,
      transactions: 1,
      errors: 1,
      byVerb: { select: 3, update: 1 },
    });
  });
});
