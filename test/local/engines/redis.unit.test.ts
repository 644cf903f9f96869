import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { REDIS_ROLES, type RedisRole, startRedis } from "../../../local/engines/redis.ts";

async function start(role: RedisRole, dir = mkdtempSync(join(tmpdir(), "frontage-redis-"))) {
  const redis = await startRedis({ dir, role, log: () => {} });
  onTestFinished(async () => {
    await redis.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const call = (...args: string[]) =>
    execFileSync("redis-cli", ["-s", redis.socketPath, ...args], { encoding: "utf8" }).trim();
  return { redis, dir, call };
}

test.for(Object.entries(REDIS_ROLES) as [RedisRole, string][])(
  "%s evicts by %s and has no TCP port",
  async ([role, policy], { expect }) => {
    const { call } = await start(role);
    expect(call("config", "get", "maxmemory-policy")).toBe(`maxmemory-policy\n${policy}`);
    expect(call("config", "get", "port")).toBe("port\n0");
  },
);

test("what may not be evicted survives a stop; a cache starts empty", async ({ expect }) => {
  const session = await start("session");
  const content = await start("content");
  for (const { call, redis } of [session, content]) {
    call("set", "k", "v");
    await redis.stop();
  }
  expect((await start("session", session.dir)).call("get", "k")).toBe("v");
  expect((await start("content", content.dir)).call("get", "k")).toBe("");
});
