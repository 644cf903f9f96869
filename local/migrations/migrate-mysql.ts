import { Client } from "@planetscale/database";
import { assertUnchanged, type Migration, MigrationFailed } from "./migration-files.ts";

type Applied = { tag: string; hash: string; statementsDone: number; finished: number };

/**
 * Applies what is missing, in order. MySQL commits every schema statement by itself, so progress is
 * kept statement by statement: a migration that stopped half-way goes on where it stopped.
 * @throws MigrationFailed naming the migration, the statement and the database's reason.
 */
export async function migrateMySql(
  url: string,
  migrations: readonly Migration[],
): Promise<string[]> {
  const client = new Client({ url });
  await client.execute(
    `CREATE TABLE IF NOT EXISTS schema_migrations (
       tag VARCHAR(190) NOT NULL PRIMARY KEY,
       hash CHAR(64) NOT NULL,
       statements_done INT NOT NULL,
       finished BOOLEAN NOT NULL
     )`,
  );
  const { rows } = await client.execute(
    "SELECT tag, hash, statements_done AS statementsDone, finished FROM schema_migrations",
  );
  const applied = new Map((rows as Applied[]).map((row) => [row.tag, row]));

  const done: string[] = [];
  for (const migration of migrations) {
    const earlier = applied.get(migration.tag);
    if (earlier) assertUnchanged(migration, earlier.hash);
    if (earlier?.finished) continue;
    await applyFrom(client, migration, earlier);
    done.push(migration.tag);
  }
  return done;
}

async function applyFrom(client: Client, migration: Migration, earlier?: Applied): Promise<void> {
  const { tag, hash, statements } = migration;
  if (!earlier) {
    await client.execute("INSERT INTO schema_migrations VALUES (?, ?, 0, FALSE)", [tag, hash]);
  }
  for (let index = earlier?.statementsDone ?? 0; index < statements.length; index += 1) {
    try {
      await client.execute(statements[index] ?? "");
    } catch (error) {
      throw halfApplied(migration, index, error);
    }
    await client.execute("UPDATE schema_migrations SET statements_done = ? WHERE tag = ?", [
      index + 1,
      tag,
    ]);
  }
  await client.execute("UPDATE schema_migrations SET finished = TRUE WHERE tag = ?", [tag]);
}

function halfApplied({ tag, statements }: Migration, index: number, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = [
    `MySQL: ${tag} is applied up to statement ${index} of ${statements.length}; statement ${index + 1} failed:`,
    `  ${statements[index]?.replaceAll(/\s+/g, " ").slice(0, 300)}`,
    `  ${reason}`,
    "Remove the cause and run the migration again: it goes on with this statement.",
    "If the statement has taken effect although its answer was lost (\"already exists\"), tell it so:",
    `  UPDATE schema_migrations SET statements_done = ${index + 1} WHERE tag = '${tag}'`,
  ].join("\n");
  return new MigrationFailed(message, { cause });
}
