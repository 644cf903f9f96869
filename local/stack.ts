import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Migrated, migrate } from "./migrate.ts";
import { type Backends, type BackendsOptions, startBackends } from "./stack/backends.ts";
import { fireCron, listCrons, startCrons } from "./stack/cron.ts";
import { availablePort } from "./stack/ports.ts";
import { type Runtime, type RuntimeOptions, startRuntime } from "./stack/runtime.ts";
import { withOverrides } from "./stack/vars.ts";

export { type Backends, type BackendsOptions, startBackends } from "./stack/backends.ts";
export type { Ports } from "./stack/ports.ts";

export type ShopOptions = BackendsOptions & {
  /** 0 picks a free one. */
  apiPort: number;
  /** Variables taken from here replace a stand-in's, name by name. Default: none. */
  overrides?: Record<string, string | undefined>;
  onRuntimeDeath?: RuntimeOptions["onDeath"];
  /** See `RuntimeOptions.configs`. */
  configs?: RuntimeOptions["configs"];
  /** Told before each step, for a progress line. */
  step?: (title: string) => void;
  /** Fire crons at their minute. Default true. */
  crons?: boolean;
};

export type Shop = Backends & {
  readonly apiUrl: string;
  readonly runtime: Runtime;
  readonly migrated: Migrated;
  /** Names of variables that came from `overrides`. */
  readonly overridden: string[];
  /** Runs the scheduled handlers of all Workers now, whatever their hour. */
  fireCrons(): Promise<void>;
  /** Writes `ports.json` again, with the process ids of engines that were started anew. */
  tellWhereabouts(): void;
};

/**
 * Starts the whole shop on `dir`: backends, migrations, Workers, crons. Says where all is in
 * `ports.json` and `vars.json` there, until it is stopped.
 */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const { dir, log, overrides = {}, step = () => {}, onRuntimeDeath, crons = true } = options;
  const apiPort = options.apiPort === 0 ? await availablePort(0) : options.apiPort;
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  removeWhereabouts(dir); // A crash may have left them; who waits for them must not read those.

  step("Databases, Redis, processors and sinks");
  const backends = await startBackends({ ...options, ports: { ...options.ports, api: apiPort } });
  try {
    const { vars, names } = withOverrides(backends.vars, overrides);
    step("Migrations");
    const migrated = await migrate({
      mysqlUrl: String(vars.MYSQL_URL),
      neonUrl: String(vars.NEON_URL),
      // A hosted Neon is found by its URL; only the stand-in needs to be told.
      neonEndpoint: names.includes("NEON_URL") ? overrides.NEON_ENDPOINT : vars.NEON_ENDPOINT,
    });
    step("Workers");
    const onDeath = onRuntimeDeath ? { onDeath: onRuntimeDeath } : {};
    const { configs } = options;
    const runtime = await startRuntime({ dir, port: apiPort, vars, configs, ...onDeath });
    const stopCrons = crons
      ? startCrons(apiUrl, (error) => log(`a cron failed: ${String(error)}`))
      : () => {};
    const tellWhereabouts = () => writeWhereabouts(backends, runtime, vars);
    tellWhereabouts();
    return {
      ...backends,
      apiUrl,
      vars,
      runtime,
      migrated,
      overridden: names,
      tellWhereabouts,
      async fireCrons() {
        for (const { worker, cron } of await listCrons(apiUrl)) {
          await fireCron(apiUrl, worker, cron);
        }
      },
      async stop() {
        stopCrons();
        await runtime.stop();
        await backends.stop();
        removeWhereabouts(dir);
      },
    };
  } catch (error) {
    await backends.stop();
    throw error;
  }
}

/** `ports.json` is public contract (API.md); `vars.json` holds secrets and is for the project's own tools. */
function writeWhereabouts(backends: Backends, runtime: Runtime, vars: Backends["vars"]): void {
  const { dir, ports, staffKey, mysql, redis } = backends;
  const { api, messages, deliveries, stripe, adyen, issuer, neon } = ports;
  const redisPids = Object.entries(redis.slots).map(([role, slot]) => [role, slot.pid]);
  const where = {
    api,
    messages,
    deliveries,
    processors: { stripe, adyen },
    issuer,
    mysql: ports.mysql,
    planetscale: ports.planetscale,
    planetscaleReplica: ports.planetscaleReplica,
    redis: ports.redis,
    neon,
    staffKey,
    pid: process.pid,
    pids: { mysql: mysql.pid, runtime: runtime.pid, redis: Object.fromEntries(redisPids) },
  };
  writeWhole(join(dir, "ports.json"), where);
  writeWhole(join(dir, "vars.json"), vars);
}

function removeWhereabouts(dir: string): void {
  for (const name of ["ports.json", "vars.json"]) rmSync(join(dir, name), { force: true });
}

/** Renamed into place, so that whoever waits for the file never reads half of it. */
function writeWhole(file: string, value: object): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
