import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** The part of an object's storage that the shop's stores use, over SQLite in memory. */
export class ObjectStorage {
  readonly database = new DatabaseSync(":memory:");
  readonly sql: SqlStorage;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  constructor() {
    this.database.exec("PRAGMA foreign_keys = ON");
    const exec = (query: string, ...bindings: SQLInputValue[]) => this.#exec(query, bindings);
    this.sql = { exec } as unknown as SqlStorage;
  }

  transactionSync<T>(change: () => T): T {
    const name = `level_${this.#depth}`;
    this.database.exec(`SAVEPOINT ${name}`);
    this.#depth += 1;
    try {
      const result = change();
      this.database.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      this.database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  close(): void {
    this.#statements.clear();
    this.database.close();
  }

  #exec(query: string, bindings: SQLInputValue[]) {
    // A migration is several statements, which cannot be prepared as one; it binds nothing.
    const isScript = bindings.length === 0 && /^\s*CREATE/.test(query);
    if (isScript) this.database.exec(query);
    const rows = isScript ? [] : this.#prepared(query).all(...bindings);
    return {
      toArray: () => rows,
      one: () => {
        if (rows.length !== 1) throw new Error(`expected one row, found ${rows.length}`);
        return rows[0];
      },
      [Symbol.iterator]: () => rows[Symbol.iterator](),
    };
  }

  #prepared(query: string): StatementSync {
    const known = this.#statements.get(query);
    if (known) return known;
    const statement = this.database.prepare(query);
    this.#statements.set(query, statement);
    return statement;
  }
}

/** The state that an object of this name is constructed with. */
export const objectState = (storage: ObjectStorage, name: string): DurableObjectState =>
  ({ storage, id: { name } }) as unknown as DurableObjectState;

/** What an object has stored anything in: one that was only ever asked has no tables. */
export const tables = (storage: ObjectStorage): Set<string> =>
  new Set(
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .map(({ name }) => name),
  );
