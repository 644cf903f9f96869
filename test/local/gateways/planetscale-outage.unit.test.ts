import { afterAll, beforeAll, describe, it } from "vitest";
import { type ShopDatabase, startShopDatabase } from "./shop-database.ts";

let shop: ShopDatabase;
beforeAll(async () => {
  shop = await startShopDatabase();
}, 60_000);
afterAll(() => shop.stop());

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

  it("closes with a transaction open and leaves its port free", async ({ expect }) => {
    await shop.execute("BEGIN");
    await shop.gateway.close();
    await expect(fetch(`${shop.gateway.url}/stats`)).rejects.toThrow();
  });
});
