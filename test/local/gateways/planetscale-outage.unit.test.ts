import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { ConnectionPool } from "../../../local/gateways/planetscale/connection-pool.ts";
import { type ShopDatabase, startShopDatabase } from "./shop-database.ts";

let shop: ShopDatabase;
beforeAll(async () => {
  shop = await startShopDatabase();
}, 60_000);
afterAll(() => shop.stop());

it("connects although this process was busy for longer than a connection may take", async ({
  expect,
}) => {
  const { socketPath, user, password, database } = shop.engine();
  const connect = { socketPath };
  const pool = new ConnectionPool({ connect, user, password, database, connectionsMax: 1 });
  const acquired = pool.acquire();
  await sleep(1);
  const busyUntil = performance.now() + 1_000;
  while (performance.now() < busyUntil);
  pool.release(await acquired);
  expect(await pool.close()).toBeUndefined();
});

describe("PlanetScale gateway, when MariaDB stops", () => {
  it("answers UNAVAILABLE at once, ends open transactions, and recovers by itself", async ({
    expect,
  }) => {
    const client = shop.client();
    await client.execute("CREATE TABLE facts (id INT PRIMARY KEY)");
    const { session } = await shop.execute("BEGIN");
    await shop.execute("INSERT INTO facts VALUES (1)", session);

    await shop.stopEngine();
    const down = { body: { code: "UNAVAILABLE" } };
    const startedAt = performance.now();
    await expect(client.execute("SELECT 1")).rejects.toMatchObject(down);
    await expect(client.transaction(async () => undefined)).rejects.toMatchObject(down);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const orphan = await shop.execute("COMMIT", session);
    expect(orphan.error).toMatchObject({ code: expect.stringMatching(/UNAVAILABLE|ABORTED/) });

    await shop.startEngine();
    const found = await Promise.all(
      Array.from({ length: 30 }, () => client.execute("SELECT COUNT(*) AS n FROM facts")),
    );
    expect(new Set(found.map(({ rows }) => JSON.stringify(rows)))).toEqual(
      new Set(['[{"n":"0"}]']),
    );
    const late = await shop.execute("INSERT INTO facts VALUES (2)", session);
    expect(late.error).toMatchObject({ code: "ABORTED" });
  }, 60_000);

  it("answers everyone when MariaDB is killed under load, and has all connections after", async ({
    expect,
  }) => {
    const client = shop.client();
    const work = Array.from({ length: 60 }, (_, at) =>
      at % 2 === 0
        ? client.execute("SELECT SLEEP(5)")
        : client.transaction((tx) => tx.execute("SELECT SLEEP(5)")),
    );
    const results = Promise.allSettled(work);
    await sleep(200);
    await shop.killEngine();
    const codes = (await results).map((result) =>
      result.status === "rejected" ? result.reason.body?.code : "fulfilled",
    );
    expect(new Set(codes)).toEqual(new Set(["UNAVAILABLE"]));

    await shop.startEngine();
    const later = Array.from({ length: 60 }, (_, at) =>
      at % 2 === 0
        ? client.execute("SELECT 1")
        : client.transaction((tx) => tx.execute("SELECT 1")),
    );
    expect((await Promise.allSettled(later)).filter(({ status }) => status === "rejected")).toEqual(
      [],
    );
  }, 60_000);
});

describe("PlanetScale gateway, when it closes", () => {
  it("leaves nothing open, even with a transaction open and the server frozen", async ({
    expect,
  }) => {
    await shop.execute("BEGIN");
    const { session } = await shop.execute("BEGIN");
    expect(await shop.gatewayConnections()).toBeGreaterThanOrEqual(2);
    await shop.freezeEngine();
    const stuck = [
      shop.execute("SELECT 1").catch(() => "cut off"),
      shop.execute("SELECT 1", session).catch(() => "cut off"),
    ];
    try {
      await sleep(100);
      await shop.gateway.close();
      expect(await Promise.all(stuck)).toEqual(["cut off", "cut off"]);
      await expect(fetch(`${shop.gateway.url}/stats`)).rejects.toThrow();
    } finally {
      shop.thawEngine();
    }
    await expect.poll(() => shop.gatewayConnections(), { timeout: 5_000 }).toBe(0);
  }, 20_000);
});
