import { Redis } from "@upstash/redis/cloudflare";
import type { Config, RedisRole } from "../config/config.ts";
import { DependencyDown } from "../dependency.ts";
import type { Meter } from "../telemetry/meter.ts";

export type { RedisRole } from "../config/config.ts";

/** Runs commands on the instance of one role: `redis("buffer", (client) => client.mget(...))` is one step. */
export type RedisCall = <T>(role: RedisRole, call: (client: Redis) => Promise<T>) => Promise<T>;

export function openRedis(config: Config, meter: Meter): RedisCall {
  const clients = new Map<RedisRole, Redis>();
  return (role, call) => {
    const client = clients.get(role) ?? connect(config, role);
    clients.set(role, client);
    return meter.step("redis", async () => {
      try {
        return await call(client);
      } catch (error) {
        throw isAnswer(error) ? error : new DependencyDown("redis", error);
      }
    });
  };
}

function connect(config: Config, role: RedisRole): Redis {
  const name = role.toUpperCase() as Uppercase<RedisRole>;
  return new Redis({
    url: config[`REDIS_${name}_URL`],
    token: config[`REDIS_${name}_TOKEN`],
    enableTelemetry: false,
    // Exactly one attempt: a repeat of INCR or SET NX is not harmless.
    retry: { retries: 0 },
    // A static signal that aborts makes the client answer `undefined`; a function makes it throw.
    signal: () => AbortSignal.timeout(config.DEPENDENCY_TIMEOUT_MS),
  });
}

/**
 * Whether Redis itself refused a command, as opposed to no healthy Redis having seen it. The client
 * reports a refusal inside a pipeline as `Command 1 [ get ] failed: …`, and everything else otherwise.
 */
const isAnswer = (error: unknown): boolean =>
  error instanceof Error &&
  /^Command \d+ \[/.test(error.message) &&
  !/failed: (?:OOM|LOADING|BUSY|READONLY|MASTERDOWN)\b/.test(error.message);
