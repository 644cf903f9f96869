import { mkdirSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { type Child, type Exit, type Log, startChild, whenReady } from "./child.ts";
import { requireBinary } from "./install.ts";
import { socketPath } from "./socket-path.ts";

/** One instance per role, because their eviction policies conflict (DESIGN, section 3). */
export const REDIS_ROLES = {
  session: "noeviction",
  user: "volatile-lru",
  payment: "noeviction",
  buffer: "noeviction",
  blocklist: "noeviction",
  content: "allkeys-lru",
} as const;

export type RedisRole = keyof typeof REDIS_ROLES;

export type RedisOptions = {
  /** Owned by this instance alone; created when missing. */
  dir: string;
  role: RedisRole;
  /** Loopback TCP port. Without one the instance can be reached through its socket only. */
  port?: number;
  log: Log;
  logFile?: string;
};

export type Redis = {
  readonly role: RedisRole;
  readonly pid: number;
  readonly socketPath: string;
  readonly port: number | undefined;
  readonly child: Child;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
  kill(): Promise<void>;
};

const READY_WITHIN_MS = 20_000;

/** Starts a private instance. What may not be evicted is also kept on disk; a cache starts empty. */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const { dir, role, port, logFile = join(dir, "redis.log") } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const socket = socketPath(dir, "redis.sock");
  const configFile = join(dir, "redis.conf");
  writeFileSync(configFile, config(options, socket), { mode: 0o600 });

  const child = await startChild({
    name: `redis-${role}`,
    command: requireBinary("redis-server"),
    args: [configFile],
    dir,
    logFile,
  });
  await whenReady(child, () => answersPing(socket), READY_WITHIN_MS);
  const { pid, exited, stop, kill } = child;
  return { role, pid, socketPath: socket, port, child, exited, stop, kill };
}

function config({ dir, role, port }: RedisOptions, socket: string): string {
  const policy = REDIS_ROLES[role];
  const lines = [
    `dir ${JSON.stringify(dir)}`,
    `unixsocket ${JSON.stringify(socket)}`,
    "unixsocketperm 700",
    `port ${port ?? 0}`,
    "bind 127.0.0.1",
    `maxmemory ${policy === "noeviction" ? "256mb" : "64mb"}`,
    `maxmemory-policy ${policy}`,
    `appendonly ${policy === "noeviction" ? "yes" : "no"}`,
    'save ""',
    // The command line must go on naming our directory: that is how a leftover is recognised.
    "set-proc-title no",
    "daemonize no",
  ];
  return `${lines.join("\n")}\n`;
}

function answersPing(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    const settle = (answer: boolean) => {
      connection.destroy();
      resolve(answer);
    };
    connection.setTimeout(1000, () => settle(false));
    connection.once("error", () => settle(false));
    // "-LOADING" is an answer too, but not yet the one to wait for.
    connection.once("data", (data) => settle(data.toString().startsWith("+PONG")));
    connection.write("PING\r\n");
  });
}
