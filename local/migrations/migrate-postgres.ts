import { neon, neonConfig } from "@neondatabase/serverless";
import { assertUnchanged, type Migration, MigrationFailed } from "./migration-files.ts";

/**
 * Applies what is missing, in order. Each migration and the note that it was applied are one
 * transaction: it is there as a whole or not at all.
 * @param endpoint Where `/sql` is served; by default Neon's own, derived from the URL's host.
 * @throws MigrationFailed naming the migration and the database's reason.
 */
export async function migratePostgres(
  url: string,
  migrations: readonly Migration[],
  endpoint?: string,
): Promise<string[]> {
  const sql = neon(url);
  return withEndpoint(endpoint, async () => {
    await sql.query(
      "CREATE TABLE IF NOT EXISTS schema_migrations (tag text PRIMARY KEY, hash text NOT NULL)",
    );
    const rows = await sql.query("SELECT tag, hash FROM schema_migrations");
    const applied = new Map(rows.map((row) => [String(row.tag), String(row.hash)]));

    const done: string[] = [];
    for (const { tag, hash, statements } of migrations) {
      const earlier = applied.get(tag);
      if (earlier !== undefined) {
        assertUnchanged({ tag, hash, statements }, earlier);
        continue;
      }
      try {
        await sql.transaction([
          ...statements.map((statement) => sql.query(statement)),
          sql.query("INSERT INTO schema_migrations VALUES ($1, $2)", [tag, hash]),
        ]);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new MigrationFailed(`Postgres: ${tag} was not applied: ${reason}`, { cause });
      }
      done.push(tag);
    }
    return done;
  });
}

/** The driver knows one endpoint per process, so it is set for the time of the work only. */
async function withEndpoint<T>(
  endpoint: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const before = neonConfig.fetchEndpoint;
  if (endpoint) neonConfig.fetchEndpoint = endpoint;
  try {
    return await work();
  } finally {
    neonConfig.fetchEndpoint = before;
  }
}
