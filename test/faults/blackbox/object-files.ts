import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The SQLite files of one class of objects as the runtime left them, each with its object's name. */
export function* objectFiles(
  dir: string,
  className: string,
): Generator<{ name: string; database: DatabaseSync }> {
  const folder = join(dir, "wrangler", "v3", "do", `frontage-${className}`);
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder)) {
    if (!file.endsWith(".sqlite") || file === "metadata.sqlite") continue;
    const database = new DatabaseSync(join(folder, file));
    try {
      const name = nameIn(database);
      if (name !== undefined) yield { name, database };
    } finally {
      database.close();
    }
  }
}

/** The local runtime keeps an object's name beside its tables. */
function nameIn(database: DatabaseSync): string | undefined {
  const names = "SELECT 1 FROM sqlite_master WHERE name = '__miniflare_do_name'";
  if (!database.prepare(names).get()) return undefined;
  const row = database.prepare("SELECT name FROM __miniflare_do_name").get();
  return row && String(row.name);
}

type Row = Record<string, string | number | null>;

/** Nothing of an object that never got so far as to make the table. */
export function allRows(database: DatabaseSync, query: string): Row[] {
  const [, table = ""] = /FROM (\w+)/.exec(query) ?? [];
  const known = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table);
  return known ? (database.prepare(query).all() as Row[]) : [];
}
