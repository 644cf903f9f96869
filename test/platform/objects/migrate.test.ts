import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { migrate } from "../../../src/platform/objects/migrate.ts";

const FIRST = "CREATE TABLE first (a INTEGER) STRICT";
const THEN = ["ALTER TABLE first ADD COLUMN b INTEGER", "CREATE TABLE second (c TEXT) STRICT"];
const WHOLE = `CREATE TABLE first (a INTEGER, b INTEGER) STRICT; CREATE TABLE second (c TEXT) STRICT;`;

/** An object that has nothing yet; which class it is of does not matter. */
function emptyStorage<T>(work: (storage: DurableObjectStorage) => T): Promise<T> {
  const stub = env.CART.getByName(`guest:${crypto.randomUUID()}`);
  return runInDurableObject(stub, (_, { storage }) => work(storage));
}

const tables = ({ sql }: DurableObjectStorage) =>
  sql
    .exec<{ name: string; columns: string }>(
      `SELECT m.name, group_concat(c.name) AS columns FROM sqlite_master AS m, pragma_table_info(m.name) AS c
       WHERE m.type = 'table' AND m.name IN ('first', 'second') GROUP BY m.name ORDER BY m.name`,
    )
    .toArray();
const UP_TO_DATE = [
  { name: "first", columns: "a,b" },
  { name: "second", columns: "c" },
];

describe("migrate", () => {
  it("runs each statement once, however often and from wherever it is called", async ({
    expect,
  }) => {
    await emptyStorage((storage) => {
      migrate(storage, [FIRST]);
      migrate(storage, [FIRST]);
      for (let again = 0; again < 3; again += 1) migrate(storage, [FIRST, ...THEN]);
      expect(tables(storage)).toEqual(UP_TO_DATE);
    });
  });

  it("goes on from where an object stands that noted each statement by itself", async ({
    expect,
  }) => {
    await emptyStorage((storage) => {
      storage.sql.exec("CREATE TABLE _migrations (position INTEGER PRIMARY KEY) STRICT");
      for (const [offset, statement] of [FIRST, THEN[0]!].entries()) {
        storage.sql.exec(statement);
        storage.sql.exec("INSERT INTO _migrations VALUES (?)", offset + 1);
      }
      migrate(storage, [FIRST, ...THEN]);
      expect(tables(storage)).toEqual(UP_TO_DATE);
    });
  });

  it("makes everything at once where there is nothing, and only then", async ({ expect }) => {
    const later = "CREATE TABLE third (d TEXT) STRICT";
    await emptyStorage((storage) => {
      migrate(storage, [FIRST, ...THEN], WHOLE);
      migrate(storage, [FIRST, ...THEN, later], `${WHOLE} ${later};`);
      expect(tables(storage)).toEqual(UP_TO_DATE);
      storage.sql.exec("INSERT INTO third VALUES ('made once')");
    });
  });

  it("makes nothing when a statement fails", async ({ expect }) => {
    await emptyStorage((storage) => {
      expect(() => migrate(storage, [FIRST, "CREATE NONSENSE"])).toThrow();
      expect(tables(storage)).toEqual([]);
      expect(() => migrate(storage, [FIRST])).not.toThrow();
    });
  });
});
