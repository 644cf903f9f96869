import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { migrateMySql } from "./migrations/migrate-mysql.ts";
import { migratePostgres } from "./migrations/migrate-postgres.ts";
import { MigrationFailed, readMigrations } from "./migrations/migration-files.ts";
import { REPOSITORY } from "./stack/runtime.ts";
import type { Vars } from "./stack/vars.ts";

export type Databases = { mysqlUrl: string; neonUrl: string; neonEndpoint?: string | undefined };
export type Migrated = { mysql: string[]; postgres: string[] };

/** Brings both databases up to date through the product's own drivers; answers what was applied. */
export async function migrate(databases: Databases): Promise<Migrated> {
  const folder = (name: string) => readMigrations(join(REPOSITORY, "migrations", name));
  const { mysqlUrl, neonUrl, neonEndpoint } = databases;
  return {
    mysql: await migrateMySql(mysqlUrl, folder("mysql")),
    postgres: await migratePostgres(neonUrl, folder("postgres"), neonEndpoint),
  };
}

const USAGE = `Usage: npm run migrate [-- --mysql-url URL --neon-url URL [--neon-endpoint URL]]

Without flags: MYSQL_URL, NEON_URL and NEON_ENDPOINT from the environment, else the running local shop.
A URL alone migrates that database and leaves the other one to the same rule.`;

/** Flags, then the environment, then the shop that runs in `dir`. */
export function chooseDatabases(
  args: readonly string[],
  env: Record<string, string | undefined>,
  dir: string,
): Databases {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "mysql-url": { type: "string" },
      "neon-url": { type: "string" },
      "neon-endpoint": { type: "string" },
    },
  });
  const mysqlUrl = values["mysql-url"] ?? env.MYSQL_URL;
  const neonUrl = values["neon-url"] ?? env.NEON_URL;
  const neonEndpoint = values["neon-endpoint"] ?? env.NEON_ENDPOINT;
  if (mysqlUrl && neonUrl) return { mysqlUrl, neonUrl, neonEndpoint };

  const file = join(dir, "vars.json");
  if (!existsSync(file)) {
    throw new TypeError("No database is named, and no local shop is running (npm start).");
  }
  const local = JSON.parse(readFileSync(file, "utf8")) as Vars;
  return {
    mysqlUrl: mysqlUrl ?? String(local.MYSQL_URL),
    neonUrl: neonUrl ?? String(local.NEON_URL),
    neonEndpoint: neonUrl ? neonEndpoint : local.NEON_ENDPOINT,
  };
}

async function main(args: readonly string[]): Promise<number> {
  let databases: Databases;
  try {
    const dir = process.env.FRONTAGE_DIR ?? join(REPOSITORY, ".local");
    databases = chooseDatabases(args, process.env, dir);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  try {
    const { mysql, postgres } = await migrate(databases);
    const list = (tags: string[]) => tags.join(", ") || "up to date";
    console.log(`MySQL: ${list(mysql)}\nPostgres: ${list(postgres)}`);
    return 0;
  } catch (error) {
    const known = error instanceof MigrationFailed;
    console.error(known ? error.message : `The migration stopped: ${String(error)}`);
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
