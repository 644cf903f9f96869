import { hasTables } from "./has-tables.ts";

/**
 * Brings an object's tables up to date. The list is append-only: a statement that has shipped stays.
 * `PRAGMA user_version` is not available in objects, so the position lives in a table.
 *
 * @param whole makes in one go what the whole list makes, for an object that has nothing yet: where
 * most objects live for one purchase, altering what was just created is a good part of their cost.
 */
export function migrate(
  storage: DurableObjectStorage,
  migrations: readonly string[],
  whole?: string,
): void {
  const { sql } = storage;
  const note = (position: number) => sql.exec("INSERT INTO _migrations VALUES (?)", position);
  if (!hasTables(storage)) {
    storage.transactionSync(() => {
      sql.exec("CREATE TABLE _migrations (position INTEGER PRIMARY KEY) STRICT");
      for (const statement of whole === undefined ? migrations : [whole]) sql.exec(statement);
      note(migrations.length);
    });
    return;
  }
  // Asked first: a transaction that has nothing to do still costs, each time an object wakes up.
  const last = "SELECT COALESCE(MAX(position), 0) AS done FROM _migrations";
  const { done } = sql.exec<{ done: number }>(last).one();
  if (done >= migrations.length) return;
  storage.transactionSync(() => {
    for (const statement of migrations.slice(done)) sql.exec(statement);
    note(migrations.length);
  });
}
