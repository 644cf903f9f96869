import { Buffer } from "node:buffer";
import {
  type Gateway,
  type GatewayReply,
  type GatewayRequest,
  parseJson,
  sameSecret,
  serveGateway,
} from "./gateway.ts";
import { ConnectionPool, type EngineAddress } from "./planetscale/connection-pool.ts";
import { Faults } from "./planetscale/faults.ts";
import { StatementRunner } from "./planetscale/statement-runner.ts";
import { NO_TRANSACTION, Transactions } from "./planetscale/transactions.ts";
import { vitessErrorBody } from "./planetscale/vitess-error.ts";
import { wireResult } from "./planetscale/wire-result.ts";

export type PlanetScaleOptions = {
  /** 0 picks a free port. */
  port: number;
  host?: string;
  /** What clients sign in with. */
  username: string;
  password: string;
  database: string;
  /** Where MariaDB listens, and as whom the gateway signs in there. */
  connect: EngineAddress;
  mysqlUser: string;
  mysqlPassword: string;
  /** How long a transaction may stay open. Default 20,000, PlanetScale's own limit. */
  transactionTimeoutMs?: number;
};

const BODY_BYTES_MAX = 16 * 1024 * 1024;
// Apart, so that open transactions never starve the single statements that may end their waits.
const AUTOCOMMIT_CONNECTIONS_MAX = 24;
const TRANSACTION_CONNECTIONS_MAX = 24;
const TRANSACTION_TIMEOUT_MS = 20_000;
const API = "/psdb.v1alpha1.Database/";

/**
 * PlanetScale's HTTP API over a MariaDB server, for the unmodified `@planetscale/database` driver.
 * `GET /stats`, `POST /stats/reset` and `PUT /faults` are for tests and need no credentials.
 * Does not need the server to be up: while it is down, statements fail with UNAVAILABLE.
 */
export async function startPlanetScale(options: PlanetScaleOptions): Promise<Gateway> {
  const { connect, mysqlUser, mysqlPassword, database, username, password } = options;
  const engine = { connect, user: mysqlUser, password: mysqlPassword, database };
  const pool = new ConnectionPool({ ...engine, connectionsMax: AUTOCOMMIT_CONNECTIONS_MAX });
  const pinned = new ConnectionPool({ ...engine, connectionsMax: TRANSACTION_CONNECTIONS_MAX });
  const timeoutMs = options.transactionTimeoutMs ?? TRANSACTION_TIMEOUT_MS;
  const transactions = new Transactions(pinned, timeoutMs);
  const runner = new StatementRunner(pool, transactions);
  const faults = new Faults();
  const credentials = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

  return await serveGateway({
    port: options.port,
    host: options.host,
    maxBodyBytes: BODY_BYTES_MAX,
    refuse,
    answer: async (request) => {
      const forTests = runner.stats.answer(request) ?? faults.answer(request);
      if (forTests) return forTests;
      if (request.method !== "POST" || !request.path.startsWith(API)) {
        return refuse(404, "no such method");
      }
      if (!sameSecret(request.headers.authorization, credentials)) {
        return refuse(401, "invalid username or password");
      }
      if (request.path === `${API}CreateSession`) return createSession(username);
      if (request.path !== `${API}Execute`) return refuse(404, "no such method");
      return await execute(request, { runner, faults, database, username });
    },
    closeEngine: async () => {
      await transactions.close();
      await Promise.all([pool.close(), pinned.close()]);
    },
  });
}

type ExecuteContext = {
  runner: StatementRunner;
  faults: Faults;
  database: string;
  username: string;
};

async function execute(request: GatewayRequest, context: ExecuteContext): Promise<GatewayReply> {
  const call = executeCall(parseJson(request.body));
  if (!call) return refuse(400, "body is not an ExecuteRequest");
  const { runner, faults, database, username } = context;
  const { sql, session } = call;
  const startedAt = performance.now();
  const timing = () => (performance.now() - startedAt) / 1_000;
  try {
    await faults.beforeStatement();
    const done = await runner.run(sql, session.signature);
    const result = wireResult(done.outcome);
    if (faults.dropsCommitReply && runner.commits(sql, session.signature)) return "hang-up";
    return { status: 200, json: { session: done.session, result, timing: timing() } };
  } catch (error) {
    runner.stats.error();
    const body = vitessErrorBody(error, { database, callerId: username, sql });
    // The client keeps its session: a transaction that died answers so until it is rolled back.
    return { status: 200, json: { session, error: body, timing: timing() } };
  }
}

type ExecuteCall = { sql: string; session: { signature: string } };
function executeCall(body: unknown): ExecuteCall | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { query, session } = body as { query?: unknown; session?: unknown };
  if (typeof query !== "string") return undefined;
  if (session === null || session === undefined) return { sql: query, session: NO_TRANSACTION };
  if (typeof session !== "object") return undefined;
  const { signature } = session as { signature?: unknown };
  return typeof signature === "string"
    ? { sql: query, session: { ...session, signature } }
    : undefined;
}

function createSession(username: string): GatewayReply {
  const json = { branch: "main", user: { username, role: "admin" }, session: NO_TRANSACTION };
  return { status: 200, json };
}

const CODE_BY_STATUS: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  404: "NOT_FOUND",
  413: "RESOURCE_EXHAUSTED",
};
function refuse(status: number, message: string): GatewayReply {
  return { status, json: { error: { code: CODE_BY_STATUS[status] ?? "INTERNAL", message } } };
}
