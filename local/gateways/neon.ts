import type { IncomingHttpHeaders } from "node:http";
import {
  type Gateway,
  type GatewayReply,
  type GatewayRequest,
  parseJson,
  sameSecret,
  serveGateway,
} from "./gateway.ts";
import { Postgres, PostgresError, type Query } from "./neon/postgres.ts";
import { StatementStats, verbOf } from "./statement-stats.ts";

export type NeonOptions = {
  /** 0 picks a free port. */
  port: number;
  host?: string;
  /** Where the database is kept; in memory when absent. One process at a time may use it. */
  dataDir?: string;
  username: string;
  password: string;
  database: string;
};

const BODY_BYTES_MAX = 64 * 1024 * 1024;
const ISOLATION_LEVELS: Record<string, string> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

/**
 * Neon's SQL over HTTP (`POST /sql`) with Postgres inside this process, for the unmodified
 * `@neondatabase/serverless` driver. `GET /stats` and `POST /stats/reset` are for tests.
 */
export async function startNeon(options: NeonOptions): Promise<Gateway> {
  const postgres = await Postgres.open(options.dataDir);
  const stats = new StatementStats();
  const gateway = serveGateway({
    port: options.port,
    host: options.host,
    maxBodyBytes: BODY_BYTES_MAX,
    refuse,
    answer: async (request) => {
      const forTests = stats.answer(request);
      if (forTests) return forTests;
      if (request.method !== "POST" || request.path !== "/sql") return refuse(404, "not found");
      try {
        checkAccess(request.headers["neon-connection-string"], options);
        return { status: 200, json: await runRequest(request, postgres, stats) };
      } catch (error) {
        if (!(error instanceof PostgresError)) throw error;
        stats.error();
        return { status: 400, json: { message: error.message, ...error.fields } };
      }
    },
    closeEngine: () => postgres.close(),
  });
  return await gateway.catch(async (error: unknown) => {
    await postgres.close();
    throw error;
  });
}

/** One statement, or a batch that is one transaction. Throws PostgresError. */
async function runRequest(
  { body, headers }: GatewayRequest,
  postgres: Postgres,
  stats: StatementStats,
): Promise<unknown> {
  if (headers["neon-raw-text-output"] !== "true" || headers["neon-array-mode"] !== "true") {
    throw refusal("only raw text output in array mode is supported", "0A000");
  }
  const json = parseJson(body);
  const single = queryFrom(json);
  if (single) {
    stats.statement(verbOf(single.query));
    const [result] = await postgres.run([single]);
    return result;
  }
  const batch = batchFrom(json);
  if (!batch) throw refusal("request body is not a query or a batch of queries", "08P01");
  stats.transaction();
  for (const { query } of batch) stats.statement(verbOf(query));
  const begin = `BEGIN ${transactionModes(headers)}`;
  const results = await postgres.run([statement(begin), ...batch, statement("COMMIT")]);
  return { results: results.slice(1, -1) };
}

const statement = (query: string): Query => ({ query, params: [] });

function transactionModes(headers: IncomingHttpHeaders): string {
  const isolation = headers["neon-batch-isolation-level"];
  const level = isolation === undefined ? undefined : ISOLATION_LEVELS[String(isolation)];
  if (isolation !== undefined && !level) throw refusal("unknown isolation level", "22023");
  const modes = [
    level && `ISOLATION LEVEL ${level}`,
    headers["neon-batch-read-only"] === "true" && "READ ONLY",
    headers["neon-batch-deferrable"] === "true" && "DEFERRABLE",
  ];
  return modes.filter(Boolean).join(", ");
}

function queryFrom(json: unknown): Query | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { query, params = [] } = json as { query?: unknown; params?: unknown };
  if (typeof query !== "string" || !Array.isArray(params)) return undefined;
  const values = params.map(parameterText);
  return values.every((value) => value !== undefined) ? { query, params: values } : undefined;
}

function batchFrom(json: unknown): Query[] | undefined {
  const { queries } = (json ?? {}) as { queries?: unknown };
  if (!Array.isArray(queries)) return undefined;
  const batch = queries.map(queryFrom);
  return batch.every((query) => query !== undefined) ? batch : undefined;
}

/** The driver sends text and null; plain JSON scalars from other clients mean the same. */
function parameterText(value: unknown): string | null | undefined {
  if (value === null || typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** Throws PostgresError, as Neon's proxy answers before any database is reached. */
function checkAccess(header: string | string[] | undefined, options: NeonOptions): void {
  const login = loginFrom(String(header ?? ""));
  if (!login) throw refusal("missing or invalid connection string", "08P01");
  const knownUser = sameSecret(login.username, options.username);
  if (!sameSecret(login.password, options.password) || !knownUser) {
    throw refusal(`password authentication failed for user '${login.username}'`, "28P01");
  }
  if (login.database !== options.database) {
    throw refusal(`database "${login.database}" does not exist`, "3D000");
  }
}

function loginFrom(connectionString: string) {
  try {
    const url = new URL(connectionString);
    return {
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
    };
  } catch {
    return undefined;
  }
}

function refusal(message: string, code: string): PostgresError {
  return new PostgresError(message, { severity: "FATAL", code });
}

function refuse(status: number, message: string): GatewayReply {
  return { status, json: { message } };
}
