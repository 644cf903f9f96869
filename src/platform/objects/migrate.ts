/**
 * Brings an object's tables up to date. The list is append-only: a statement that has shipped stays.
 * `PRAGMA user_version` is not available in objects, so the position lives in a table.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly string[]): void {
  storage.transactionSync(() => {
    storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS _migrations (position INTEGER PRIMARY KEY) STRICT",
    );
    const [row] = storage.sql.exec<{ done: number }>("SELECT COUNT(*) AS done FROM _migrations");
    for (const [offset, statement] of migrations.slice(row?.done ?? 0).entries()) {
      storage.sql.exec(statement);
      storage.sql.exec("INSERT INTO _migrations VALUES (?)", (row?.done ?? 0) + offset + 1);
    }
  });
}
