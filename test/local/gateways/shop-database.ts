import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@planetscale/database";
import { createConnection } from "mariadb";
import { startMariaDb } from "../../../local/engines/mariadb.ts";
import { startPlanetScale } from "../../../local/gateways/planetscale.ts";

const USERNAME = "shop_user";
const PASSWORD = "pscale_pw_test";

/** A MariaDB and a gateway of its own, with what a test needs to be a client and to break things. */
export async function startShopDatabase(options: { transactionTimeoutMs?: number } = {}) {
  const dir = await mkdtemp(join(tmpdir(), "frontage-ps-"));
  const log = () => undefined;
  let engine = await startMariaDb({ dir, log });
  const gateway = await startPlanetScale({
    ...options,
    port: 0,
    username: USERNAME,
    password: PASSWORD,
    database: engine.database,
    connect: { socketPath: engine.socketPath },
    mysqlUser: engine.user,
    mysqlPassword: engine.password,
  });
  const url = (password: string) => gateway.url.replace("//", `//${USERNAME}:${password}@`);
  const call = async (path: string, init?: RequestInit) =>
    (await (await fetch(gateway.url + path, init)).json()) as Record<string, unknown>;

  return {
    gateway,
    engine: () => engine,
    url: url(PASSWORD),
    client: (password = PASSWORD) => new Client({ url: url(password) }),
    stats: () => call("/stats"),
    resetStats: () => call("/stats/reset", { method: "POST" }),
    faults: (dial: object) => call("/faults", { method: "PUT", body: JSON.stringify(dial) }),
    stopEngine: () => engine.stop(),
    killEngine: () => engine.kill(),
    /** A server that holds its connections and answers nothing. Stopped for certain: the signal reaches each thread in its own time, and a late one still answers. */
    freezeEngine: async () => {
      process.kill(engine.pid, "SIGSTOP");
      while (!isStopped(engine.pid)) await sleep(5);
    },
    thawEngine: () => process.kill(engine.pid, "SIGCONT"),
    startEngine: async () => {
      engine = await startMariaDb({ dir, log });
    },
    /** How many connections the gateway holds, as the server sees it. */
    gatewayConnections: async () => {
      const admin = await createConnection({ ...engine.admin, socketPath: engine.socketPath });
      const [{ n }] = await admin.query(
        "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = ?",
        [engine.user],
      );
      await admin.end();
      return Number(n);
    },
    /** A statement straight to the gateway, with a session chosen by the test. */
    execute: (query: string, session: unknown = null) =>
      call("/psdb.v1alpha1.Database/Execute", {
        method: "POST",
        headers: { Authorization: `Basic ${btoa(`${USERNAME}:${PASSWORD}`)}` },
        body: JSON.stringify({ query, session }),
      }),
    stop: async () => {
      await gateway.close();
      await engine.stop();
      await rm(dir, { recursive: true });
    },
  };
}

/** Whether every thread of a process has stopped. The state follows the name, which may hold anything. */
function isStopped(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  return readdirSync(threads).every((thread) =>
    /\) T /.test(readFileSync(join(threads, thread, "stat"), "utf8")),
  );
}

export type ShopDatabase = Awaited<ReturnType<typeof startShopDatabase>>;
