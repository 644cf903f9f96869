import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { PGlite, protocol } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { unaccent } from "@electric-sql/pglite/contrib/unaccent";
import { verbOf } from "../statement-stats.ts";

/** A statement with its parameters in Postgres's text format, whose types the server infers. */
export type Query = { query: string; params: (string | null)[] };

/** One result as Neon's `/sql` gives it in array mode: cells are Postgres's own text, or null. */
export type NeonResult = {
  command: string;
  rowCount: number | null;
  fields: { name: string; dataTypeID: number; format: "text"; [detail: string]: unknown }[];
  rows: (string | null)[][];
  rowAsArray: true;
};

/** An error as the server reported it; `fields` has the names that the Neon driver reads. */
export class PostgresError extends Error {
  readonly fields: Record<string, string | null>;
  constructor(message: string, fields: Record<string, string | null>) {
    super(message);
    this.fields = fields;
  }
}

const ERROR_FIELDS = [
  ...["severity", "code", "detail", "hint", "position", "internalPosition", "internalQuery"],
  ...["where", "schema", "table", "column", "dataType", "constraint", "file", "line", "routine"],
] as const;
const SESSION_STATE =
  /^\s*(?:set|reset|prepare|deallocate|declare|listen|discard)\b|\btemp(?:orary)?\s|\bset_config\s*\(|\bpg_(?:try_)?advisory_lock/i;
const { serialize } = protocol;

/** Postgres inside this process. It has one session, so that callers wait for each other. */
export class Postgres {
  readonly #db: PGlite;

  private constructor(db: PGlite) {
    this.#db = db;
  }

  /** Opens `dataDir`, or a database in memory. The extensions are there for `CREATE EXTENSION`, as on Neon. */
  static async open(dataDir: string | undefined): Promise<Postgres> {
    if (dataDir !== undefined) mkdirSync(dirname(dataDir), { recursive: true });
    const extensions = { pg_trgm, unaccent };
    const db = await PGlite.create({ ...(dataDir === undefined ? {} : { dataDir }), extensions });
    return new Postgres(db);
  }

  /** Runs statements in order. Throws PostgresError at the first that fails; later ones do not run. */
  async run(queries: readonly Query[]): Promise<NeonResult[]> {
    return await this.#db.runExclusive(async () => {
      const results: NeonResult[] = [];
      try {
        for (const query of queries) results.push(await this.#runOne(query));
      } finally {
        await this.#cleanSession(queries);
      }
      return results;
    });
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  async #runOne({ query, params }: Query): Promise<NeonResult> {
    if (verbOf(query) === "copy") throw unsupported("COPY is not supported over HTTP");
    // The extended protocol in one message: text in, text out, and one statement only.
    const message = Buffer.concat([
      serialize.parse({ text: query }),
      serialize.bind({ values: params }),
      serialize.describe({ type: "P" }),
      serialize.execute(),
      serialize.sync(),
    ]);
    const { messages } = await this.#db.execProtocol(message, { throwOnError: false });
    return resultOf(messages);
  }

  /** What one caller leaves behind must not meet the next, who on Neon has a clean connection. */
  async #cleanSession(queries: readonly Query[]): Promise<void> {
    if (this.#db.isInTransaction()) await this.#simple("ROLLBACK");
    if (queries.some(({ query }) => SESSION_STATE.test(query))) await this.#simple("DISCARD ALL");
  }

  async #simple(sql: string): Promise<void> {
    await this.#db.execProtocol(serialize.query(sql));
  }
}

type Message = Awaited<ReturnType<PGlite["execProtocol"]>>["messages"][number];

function resultOf(messages: readonly Message[]): NeonResult {
  const result: NeonResult = {
    command: "",
    rowCount: null,
    fields: [],
    rows: [],
    rowAsArray: true,
  };
  for (const message of messages) {
    switch (message.name) {
      case "error":
        throw asPostgresError(message as unknown as Record<string, string | undefined>);
      case "rowDescription": {
        const { fields } = message as unknown as { fields: NeonResult["fields"] };
        result.fields = fields.map((field) => ({ ...field, format: "text" }));
        break;
      }
      case "dataRow":
        result.rows.push((message as unknown as { fields: (string | null)[] }).fields);
        break;
      case "commandComplete":
        Object.assign(result, tagOf((message as unknown as { text: string }).text));
        break;
      default:
    }
  }
  return result;
}

/** `INSERT 0 3` → INSERT, 3; `CREATE TABLE` → CREATE, no count. */
function tagOf(tag: string): { command: string; rowCount: number | null } {
  const words = tag.split(" ");
  const count = Number(words.at(-1));
  return { command: words[0] ?? "", rowCount: Number.isInteger(count) ? count : null };
}

function asPostgresError(error: Record<string, string | undefined>): PostgresError {
  const fields = Object.fromEntries(ERROR_FIELDS.map((name) => [name, error[name] ?? null]));
  return new PostgresError(error.message ?? "unknown error", fields);
}

function unsupported(message: string): PostgresError {
  return asPostgresError({ message, severity: "ERROR", code: "0A000" });
}
