import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { CART_MIGRATIONS, CART_TABLES } from "../../src/cart/tables.ts";

/** Everything that the statements made: each table with its columns, each index with what it covers. */
function made(statements: readonly string[]) {
  const database = new DatabaseSync(":memory:");
  for (const statement of statements) database.exec(statement);
  const all = (query: string) => database.prepare(query).all();
  const objects = all("SELECT type, name, tbl_name FROM sqlite_master ORDER BY type, name");
  const columns = all(
    `SELECT t.name AS "table", t.strict, c.* FROM pragma_table_list AS t, pragma_table_xinfo(t.name) AS c
     WHERE t.schema = 'main' ORDER BY t.name, c.cid`,
  );
  const indexes = all(
    `SELECT i.name, i.tbl_name, c.* FROM sqlite_master AS i, pragma_index_xinfo(i.name) AS c
     WHERE i.type = 'index' ORDER BY i.name, c.seqno`,
  );
  database.close();
  return { objects, columns, indexes };
}

describe("the tables of a cart", () => {
  it("are the same whether it begins now or was brought up to date step by step", () => {
    const whole = made([CART_TABLES]);
    expect(whole.columns.length).toBeGreaterThan(30);
    expect(whole).toEqual(made(CART_MIGRATIONS));
  });
});
