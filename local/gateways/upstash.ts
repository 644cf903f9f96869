import { Buffer } from "node:buffer";
import {
  type Gateway,
  type GatewayRequest,
  parseJson,
  sameSecret,
  serveGateway,
} from "./gateway.ts";
import {
  COMMANDS_PER_REQUEST_MAX,
  type Command,
  commandFromJson,
  commandFromPath,
  refusalOf,
} from "./upstash/commands.ts";
import { type RedisAddress, RedisUnavailable, RespClient } from "./upstash/resp-client.ts";
import { RespError, RespStatus, type RespValue } from "./upstash/resp-parser.ts";

export type UpstashOptions = {
  /** 0 picks a free port. */
  port: number;
  host?: string;
  token: string;
  redis: RedisAddress;
};

const BODY_BYTES_MAX = 10 * 1024 * 1024;

type JsonReply = { status: number; json: unknown };
type Item = { result: unknown } | { error: string };
type Encoding = "base64" | "plain";

/**
 * Upstash's REST API over a redis-server, for the unmodified `@upstash/redis` client. Does not need
 * Redis to be up: while it is down, requests fail at once with 503.
 */
export async function startUpstash(options: UpstashOptions): Promise<Gateway> {
  const redis = new RespClient(options.redis);
  let syncToken = 0;
  return await serveGateway({
    port: options.port,
    host: options.host,
    maxBodyBytes: BODY_BYTES_MAX,
    refuse,
    answer: async (request) => {
      if (!isAuthorized(request, options.token))
        return refuse(401, "WRONGPASS invalid or missing auth token");
      const reply = await answer(request, redis);
      syncToken += 1;
      return { ...reply, headers: { "upstash-sync-token": `local:${syncToken}` } };
    },
    closeEngine: () => redis.close(),
  });
}

async function answer(request: GatewayRequest, redis: RespClient): Promise<JsonReply> {
  const encoding = request.headers["upstash-encoding"] === "base64" ? "base64" : "plain";
  const { method, path } = request;
  try {
    if (method === "POST" && (path === "/pipeline" || path === "/multi-exec")) {
      const commands = commandsFromBody(request.body);
      if (typeof commands === "string") return refuse(400, commands);
      const run = path === "/pipeline" ? pipeline : transaction;
      return await run(commands, redis, encoding);
    }
    const command = singleCommand(request);
    if (!command) return refuse(400, "ERR failed to parse command");
    const [item] = await runEach([command], redis, encoding);
    return { status: item && "error" in item ? 400 : 200, json: item };
  } catch (error) {
    if (error instanceof RedisUnavailable) return refuse(503, `ERR ${error.message}`);
    throw error;
  }
}

function singleCommand({ method, path, body, query }: GatewayRequest): Command | undefined {
  if (path !== "/" && path !== "") return commandFromPath(path, body, query);
  return method === "POST" ? commandFromJson(parseJson(body)) : undefined;
}

/** The commands of a pipeline, or what is wrong with it. */
function commandsFromBody(body: string): Command[] | string {
  const json = parseJson(body);
  if (!Array.isArray(json) || json.length === 0) return "ERR failed to parse pipeline request";
  if (json.length > COMMANDS_PER_REQUEST_MAX) {
    return `ERR max pipeline size exceeded. Limit: ${COMMANDS_PER_REQUEST_MAX}, Actual: ${json.length}`;
  }
  const commands = json.map(commandFromJson);
  return commands.every((command) => command !== undefined)
    ? commands
    : "ERR failed to parse pipeline request";
}

async function pipeline(
  commands: Command[],
  redis: RespClient,
  encoding: Encoding,
): Promise<JsonReply> {
  return { status: 200, json: await runEach(commands, redis, encoding) };
}

/** Runs commands in order; a refused one fails alone, in its place. */
async function runEach(
  commands: Command[],
  redis: RespClient,
  encoding: Encoding,
): Promise<Item[]> {
  const refusals = commands.map(refusalOf);
  const allowed = commands.filter((_, at) => refusals[at] === undefined);
  const replies = allowed.length > 0 ? await redis.send(allowed) : [];
  const inOrder = replies.values();
  return refusals.map((refusal) =>
    refusal === undefined ? itemOf(inOrder.next().value!, encoding) : { error: refusal },
  );
}

/** All or nothing at queueing time; once queued, each command succeeds or fails by itself, as in Redis. */
async function transaction(
  commands: Command[],
  redis: RespClient,
  encoding: Encoding,
): Promise<JsonReply> {
  const refusal = commands.map(refusalOf).find((refused) => refused !== undefined);
  if (refusal) return refuse(400, discarded(refusal));
  const replies = await redis.send([["MULTI"], ...commands, ["EXEC"]]);
  const outcome = replies.at(-1);
  if (Array.isArray(outcome)) {
    return { status: 200, json: outcome.map((reply) => itemOf(reply, encoding)) };
  }
  const cause = replies.find((reply) => reply instanceof RespError);
  return refuse(400, discarded(cause?.message ?? "unknown reason"));
}

const discarded = (cause: string) => `EXECABORT Transaction discarded because of: ${cause}`;

function itemOf(reply: RespValue, encoding: Encoding): Item {
  if (reply instanceof RespError) return { error: reply.message };
  // The one string that stays readable in base64 mode; clients test for it before decoding.
  if (reply instanceof RespStatus && reply.text === "OK") return { result: "OK" };
  return { result: jsonOf(reply, encoding) };
}

function jsonOf(value: RespValue, encoding: Encoding): unknown {
  if (value === null || typeof value === "bigint") return value;
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, encoding));
  return bytesOf(value).toString(encoding === "base64" ? "base64" : "utf8");
}

function bytesOf(value: Buffer | RespStatus | RespError): Buffer {
  if (value instanceof RespStatus) return Buffer.from(value.text);
  return value instanceof RespError ? Buffer.from(value.message) : value;
}

function isAuthorized({ headers, query }: GatewayRequest, token: string): boolean {
  const bearer = /^Bearer (.*)$/i.exec(headers.authorization ?? "")?.[1];
  return sameSecret(bearer ?? query.get("_token") ?? undefined, token);
}

function refuse(status: number, message: string): JsonReply {
  return { status, json: { error: message } };
}
