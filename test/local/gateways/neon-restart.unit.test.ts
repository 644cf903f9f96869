import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon, neonConfig } from "@neondatabase/serverless";
import { it } from "vitest";
import { startNeon } from "../../../local/gateways/neon.ts";

it("keeps its data in dataDir over a restart", { timeout: 60_000 }, async ({ expect }) => {
  const root = await mkdtemp(join(tmpdir(), "frontage-neon-"));
  const start = async () => {
    const login = { username: "owner", password: "secret", database: "shop" };
    const gateway = await startNeon({ port: 0, dataDir: join(root, "new", "pg"), ...login });
    neonConfig.fetchEndpoint = `${gateway.url}/sql`;
    return gateway;
  };
  const sql = neon("postgresql://owner:secret@db.localtest.me/shop");
  const first = await start();
  await sql`CREATE TABLE kept (id INT)`;
  await sql`INSERT INTO kept VALUES (1)`;
  await first.close();
  await expect(sql`SELECT 1`).rejects.toThrow("Error connecting");

  const second = await start();
  expect(await sql`SELECT * FROM kept`).toEqual([{ id: 1 }]);
  await second.close();
  await rm(root, { recursive: true });
});
