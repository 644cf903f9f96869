import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { REDIS_ROLES, type RedisRole } from "../../src/platform/config/config.ts";
import { openIo } from "../../src/platform/io/io.ts";

/** A place where a text was found: a table, a Redis key, an object's class. */
export type Find = { where: string; what: string };

const io = openIo(env, "search");

/** Searches all that the shop keeps: both databases, every Redis role, every object. */
export async function searchStores(texts: Record<string, string>): Promise<Find[]> {
  const found = [
    ...(await searchMySql(texts)),
    ...(await searchDocuments(texts)),
    ...(await searchRedis(texts)),
    ...(await searchObjects(texts)),
  ];
  return found;
}

/** Which of the texts a text contains. */
export const findIn = (where: string, haystack: string, texts: Record<string, string>): Find[] =>
  Object.entries(texts)
    .filter(([, text]) => haystack.includes(text))
    .map(([what]) => ({ where, what }));

type Column = { table: string; column: string };

async function searchMySql(texts: Record<string, string>): Promise<Find[]> {
  const columns = await io.sql.execute(
    sql`SELECT table_name AS \`table\`, column_name AS \`column\` FROM information_schema.columns WHERE table_schema = DATABASE()`,
  );
  const byTable = Map.groupBy(columns.rows as Column[], ({ table }) => table);
  const searches = [...byTable].map(async ([table, its]) => {
    const names = its.map(({ column }) => sql.identifier(column));
    const row = sql`CONCAT_WS('|', ${sql.join(names, sql`, `)})`;
    const counts = Object.entries(texts).map(
      ([what, text]) => sql`SUM(INSTR(${row}, ${text}) > 0) AS ${sql.identifier(what)}`,
    );
    const { rows } = await io.sql.execute(
      sql`SELECT ${sql.join(counts, sql`, `)} FROM ${sql.identifier(table)}`,
    );
    return whatCounts(`mysql ${table}`, rows[0] as Record<string, unknown>);
  });
  return (await Promise.all(searches)).flat();
}

async function searchDocuments(texts: Record<string, string>): Promise<Find[]> {
  const tables = await io.documents.execute<{ name: string }>(
    sql`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const searches = tables.rows.map(async ({ name }) => {
    const counts = Object.entries(texts).map(
      ([what, text]) =>
        sql`COUNT(*) FILTER (WHERE strpos(t::text, ${text}) > 0) AS ${sql.identifier(what)}`,
    );
    const { rows } = await io.documents.execute<Record<string, unknown>>(
      sql`SELECT ${sql.join(counts, sql`, `)} FROM ${sql.identifier(name)} t`,
    );
    return whatCounts(`neon ${name}`, rows[0] ?? {});
  });
  return (await Promise.all(searches)).flat();
}

const whatCounts = (where: string, counts: Record<string, unknown>): Find[] =>
  Object.entries(counts)
    .filter(([, count]) => Number(count ?? 0) > 0)
    .map(([what]) => ({ where, what }));

const ROLES = REDIS_ROLES.map((role) => role.toLowerCase() as RedisRole);

async function searchRedis(texts: Record<string, string>): Promise<Find[]> {
  const finds: Find[] = [];
  for (const role of ROLES) {
    let cursor = "0";
    do {
      const [next, keys] = await io.redis(role, (client) => client.scan(cursor, { count: 1_000 }));
      cursor = next;
      for (const key of keys) {
        const text = `${key} ${JSON.stringify(await valueAt(role, key))}`;
        finds.push(...findIn(`redis ${role} ${key.split(":")[0]}`, text, texts));
      }
    } while (cursor !== "0");
  }
  return finds;
}

async function valueAt(role: RedisRole, key: string): Promise<unknown> {
  const type = await io.redis(role, (client) => client.type(key));
  switch (type) {
    case "string":
      return io.redis(role, (client) => client.get(key));
    case "hash":
      return io.redis(role, (client) => client.hgetall(key));
    case "set":
      return io.redis(role, (client) => client.smembers(key));
    case "none": // It ended meanwhile.
      return null;
    default:
      throw new Error(`nobody searches a ${type} yet`);
  }
}

async function searchObjects(texts: Record<string, string>): Promise<Find[]> {
  const finds: Find[] = [];
  for (const [name, binding] of Object.entries(env)) {
    if (!isNamespace(binding)) continue;
    for (const id of await listDurableObjectIds(binding)) {
      const text = await runInDurableObject(binding.get(id), (_object, { storage }) => {
        const tables = storage.sql
          .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
          .toArray()
          .filter((table) => !table.name.startsWith("_cf_"));
        const rows = tables.map((table) =>
          storage.sql.exec(`SELECT * FROM "${table.name}"`).toArray(),
        );
        return JSON.stringify([rows, [...storage.kv.list()]]);
      });
      finds.push(...findIn(`object ${name}`, text, texts));
    }
  }
  return finds;
}

/** By its class: a service binding answers any name as if it were a method. */
const isNamespace = (binding: unknown): binding is DurableObjectNamespace =>
  (binding as object | null)?.constructor.name === "DurableObjectNamespace";
