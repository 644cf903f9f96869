import { type Clock, systemClock } from "../../shared/clock.ts";
import { type Config, configOf } from "../config/config.ts";
import { type Documents, openDocuments } from "../documents/documents.ts";
import { openRedis, type RedisCall } from "../redis/redis.ts";
import { openSql, type SqlSession } from "../sql/session.ts";
import { Meter } from "../telemetry/meter.ts";

/**
 * The world outside as one request (or one alarm, or one message) sees it. Connections open on first
 * use and are never kept: I/O objects of one request may not be touched by another.
 */
export type Io = {
  readonly config: Config;
  readonly meter: Meter;
  readonly clock: Clock;
  /** The id that follows one purchase through every Worker. */
  readonly trace: string;
  /** MySQL's primary: the truth, for everything that money or stock depends on. */
  readonly sql: SqlSession;
  /** A replica that may lag by seconds: for pages only. */
  readonly replica: SqlSession;
  readonly documents: Documents;
  readonly redis: RedisCall;
};

export function openIo(env: object, trace: string, meter = new Meter(), clock = systemClock): Io {
  const config = configOf(env);
  const timeoutMs = config.DEPENDENCY_TIMEOUT_MS;
  const redis = openRedis(config, meter);
  let sql: SqlSession | undefined;
  let replica: SqlSession | undefined;
  let documents: Documents | undefined;
  return {
    config,
    meter,
    clock,
    trace,
    redis,
    get sql() {
      sql ??= openSql({ url: config.MYSQL_URL, role: "mysql", meter, timeoutMs });
      return sql;
    },
    get replica() {
      replica ??= openSql({ url: config.MYSQL_REPLICA_URL, role: "replica", meter, timeoutMs });
      return replica;
    },
    get documents() {
      const { NEON_URL: url, NEON_ENDPOINT: endpoint } = config;
      documents ??= openDocuments({ url, endpoint, meter, timeoutMs });
      return documents;
    },
  };
}
