import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mariadb";
import { type Child, type Exit, type Log, startChild, whenReady } from "./child.ts";
import { requireBinary } from "./install.ts";
import { socketPath } from "./socket-path.ts";

export type MariaDbOptions = {
  /** Owned by this server alone; created when missing. */
  dir: string;
  /** Loopback TCP port. Without one the server can be reached through its socket only. */
  port?: number;
  log: Log;
  logFile?: string;
  /** Writes a binary log, which a replica needs. Only from the first start of a directory on. */
  binlog?: boolean;
  /** @internal Set by `startMariaDbReplica`. */
  replica?: boolean;
};

export type MariaDb = {
  readonly pid: number;
  readonly dir: string;
  readonly socketPath: string;
  readonly port: number | undefined;
  readonly database: string;
  /** May do anything within `database`, and nothing else, like a hosted account. */
  readonly user: string;
  readonly password: string;
  readonly admin: { readonly user: string; readonly password: string };
  readonly child: Child;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
  kill(): Promise<void>;
};

const DATABASE = "frontage";
const USER = "frontage";
const ADMIN = "frontage_admin";
const READY_WITHIN_MS = 60_000;
const SERVER_ID = { primary: 1, replica: 2 } as const;

/** Starts a private server on `dir`, installing its system tables on first use. */
export async function startMariaDb(options: MariaDbOptions): Promise<MariaDb> {
  const { dir, log, logFile = join(dir, "mariadb.log") } = options;
  const replicated = options.binlog === true || options.replica === true;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await install(dir, logFile, log, replicated);
  const password = secret(dir);
  const socket = socketPath(dir, "mariadb.sock");
  writeFileSync(join(dir, "init.sql"), accountsSql(password), { mode: 0o600 });

  const child = await startChild({
    name: "mariadb",
    command: requireBinary("mariadbd"),
    args: serverArgs(options, socket),
    dir,
    logFile,
    stopWithinMs: 60_000, // A shutdown flushes its pages; SIGKILL would only mean a recovery later.
  });
  const login = { socketPath: socket, user: USER, password, database: DATABASE };
  await whenReady(child, () => answers(login), READY_WITHIN_MS);
  return {
    pid: child.pid,
    dir,
    socketPath: socket,
    port: options.port,
    database: DATABASE,
    user: USER,
    password,
    admin: { user: ADMIN, password },
    child,
    exited: child.exited,
    stop: child.stop,
    kill: child.kill,
  };
}

/**
 * `installed.json` is written last: a directory without it is a half-finished install, and no
 * server has ever run on it, so it may be thrown away.
 */
async function install(dir: string, logFile: string, log: Log, binlog: boolean): Promise<void> {
  const marker = join(dir, "installed.json");
  if (existsSync(marker)) {
    const installed = JSON.parse(readFileSync(marker, "utf8")) as { binlog: boolean };
    if (binlog && !installed.binlog) {
      throw new Error(`${dir} was first used without a binary log, a replica would miss its start`);
    }
    return;
  }
  log("MariaDB: creating an empty database");
  rmSync(join(dir, "data"), { recursive: true, force: true });
  const child = await startChild({
    name: "mariadb-install",
    command: requireBinary("mariadb-install-db"),
    args: [
      "--no-defaults",
      "--auth-root-authentication-method=socket",
      "--skip-test-db",
      `--datadir=${join(dir, "data")}`,
      ...asCurrentUser(),
    ],
    dir,
    logFile,
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`MariaDB could not create its database:\n${child.tail()}`);
  writeFileSync(marker, JSON.stringify({ binlog }));
}

function serverArgs({ dir, port, binlog, replica }: MariaDbOptions, socket: string): string[] {
  const network = port ? ["--bind-address=127.0.0.1", `--port=${port}`] : ["--skip-networking"];
  const replication = [
    `--server-id=${replica ? SERVER_ID.replica : SERVER_ID.primary}`,
    ...(binlog || replica ? ["--log-bin=binlog", "--binlog-format=ROW"] : []),
    ...(replica ? ["--read-only=1", "--log-slave-updates=1"] : []),
  ];
  return [
    "--no-defaults",
    `--datadir=${join(dir, "data")}`,
    `--socket=${socket}`,
    `--pid-file=${join(dir, "mariadbd.pid")}`,
    `--init-file=${join(dir, "init.sql")}`,
    `--tmpdir=${join(dir, "data")}`,
    ...network,
    ...asCurrentUser(),
    "--character-set-server=utf8mb4",
    // MySQL 8's default, utf8mb4_0900_ai_ci, is the same: accent-insensitive, and trailing blanks count.
    "--collation-server=utf8mb4_uca1400_nopad_ai_ci",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-buffer-pool-size=128M",
    "--max-connections=200",
    "--default-time-zone=+00:00",
    ...replication,
  ];
}

const asCurrentUser = (): string[] => (process.getuid?.() === 0 ? ["--user=root"] : []);

/** Run at every start, unlogged: each server makes its own accounts, a replica never copies them. */
function accountsSql(password: string): string {
  const account = (user: string) => [
    ...["localhost", "127.0.0.1"].flatMap((host) => [
      `CREATE USER IF NOT EXISTS '${user}'@'${host}';`,
      `ALTER USER '${user}'@'${host}' IDENTIFIED BY '${password}';`,
    ]),
  ];
  const grants = ["localhost", "127.0.0.1"].flatMap((host) => [
    `GRANT ALL ON \`${DATABASE}\`.* TO '${USER}'@'${host}';`,
    `GRANT ALL ON *.* TO '${ADMIN}'@'${host}';`,
  ]);
  const lines = [
    "SET sql_log_bin = 0;",
    `CREATE DATABASE IF NOT EXISTS \`${DATABASE}\`;`,
    ...account(USER),
    ...account(ADMIN),
    ...grants,
  ];
  return `${lines.join("\n")}\n`;
}

function secret(dir: string): string {
  const file = join(dir, "password");
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

type Login = { socketPath: string; user: string; password: string; database: string };

async function answers(login: Login): Promise<boolean> {
  if (!existsSync(login.socketPath)) return false;
  try {
    const connection = await createConnection({ ...login, connectTimeout: 1000 });
    await connection.end();
    return true;
  } catch {
    return false; // Still recovering, or not yet past its init file.
  }
}
