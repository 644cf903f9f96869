import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis, type RedisConfigNodejs } from "@upstash/redis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type Redis as Engine, startRedis } from "../../../local/engines/redis.ts";
import type { Gateway } from "../../../local/gateways/gateway.ts";
import { startUpstash } from "../../../local/gateways/upstash.ts";

const TOKEN = "local-token";
const AWKWARD = 'it\'s "quoted" \\ back\r\n\t é 😀 \u0000';

let dir: string;
let engine: Engine;
let gateway: Gateway;
const startEngine = async () => {
  engine = await startRedis({ dir, role: "session", log: () => undefined });
};
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "frontage-up-"));
  await startEngine();
  gateway = await startUpstash({
    port: 0,
    token: TOKEN,
    redis: { socketPath: engine.socketPath },
  });
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await engine.stop();
  await rm(dir, { recursive: true });
});

const client = (options: Partial<RedisConfigNodejs> = {}) =>
  new Redis({
    url: gateway.url,
    token: TOKEN,
    enableTelemetry: false,
    retry: { retries: 0 },
    ...options,
  });
const key = () => `key:${crypto.randomUUID()}`;
const fetchPath = (path: string, init: RequestInit = {}) =>
  fetch(gateway.url + path, { headers: { Authorization: `Bearer ${TOKEN}` }, ...init });

describe("single commands", () => {
  it.for([{ enableAutoPipelining: true }, { enableAutoPipelining: false }])(
    "bring values back as they were, with %o",
    async (options, { expect }) => {
      const redis = client({ ...options, automaticDeserialization: false });
      const name = key();
      for (const value of [AWKWARD, "", "OK", "null", "1", "T0s=", "x".repeat(300_000)]) {
        expect(await redis.set(name, value)).toBe("OK");
        expect(await redis.get(name)).toBe(value);
      }
      expect(await redis.get(key())).toBeNull();
    },
  );

  it("work without base64 as well", async ({ expect }) => {
    const redis = client({ responseEncoding: false });
    const name = key();
    await redis.hset(name, { text: AWKWARD, number: 5 });
    expect(await redis.hgetall(name)).toEqual({ text: AWKWARD, number: 5 });
  });

  it("give integers, lists and nested replies", async ({ expect }) => {
    const redis = client();
    const name = key();
    expect(await redis.incrby(name, 41)).toBe(41);
    expect(await redis.incr(name)).toBe(42);
    const list = key();
    await redis.rpush(list, "a", "b", AWKWARD);
    expect(await redis.lrange(list, 0, -1)).toEqual(["a", "b", AWKWARD]);
    const stream = key();
    const id = await redis.xadd(stream, "*", { field: "value" });
    expect(await redis.xrange(stream, "-", "+")).toEqual({ [id]: { field: "value" } });
    expect(await redis.mget(key(), name)).toEqual([null, 42]);
  });

  it("keep SET's conditions and expiry", async ({ expect }) => {
    const redis = client();
    const lock = key();
    expect(await redis.set(lock, "mine", { nx: true, px: 60_000 })).toBe("OK");
    expect(await redis.set(lock, "theirs", { nx: true, px: 60_000 })).toBeNull();
    expect(await redis.pttl(lock)).toBeGreaterThan(50_000);
  });

  it("give 64-bit integers as exact literals", async ({ expect }) => {
    const name = key();
    await client().set(name, "9223372036854775806");
    const response = await fetchPath("/", { method: "POST", body: JSON.stringify(["incr", name]) });
    expect(await response.text()).toBe('{"result":9223372036854775807}');
  });

  it("report Redis's own errors", async ({ expect }) => {
    const redis = client({ enableAutoPipelining: false });
    const name = key();
    await redis.set(name, "text");
    await expect(redis.lpush(name, "x")).rejects.toThrow("WRONGTYPE");
  });
});

describe("commands in a path", () => {
  it("take words from the path, the body and the parameters", async ({ expect }) => {
    const name = key();
    const set = await fetchPath(`/set/${name}/${encodeURIComponent("a/b é")}?EX=100&NX`);
    expect(await set.json()).toEqual({ result: "OK" });
    expect(await (await fetchPath(`/get/${name}`)).json()).toEqual({ result: "a/b é" });
    await fetchPath(`/set/${name}?EX=50`, { method: "POST", body: "from body" });
    expect(await (await fetchPath(`/get/${name}`)).json()).toEqual({ result: "from body" });
    const ttl = (await (await fetchPath(`/ttl/${name}`)).json()) as { result: number };
    expect(ttl.result).toBeGreaterThan(40);
    expect(ttl.result).toBeLessThanOrEqual(50);
  });

  it("are refused when they are not commands", async ({ expect }) => {
    expect((await fetchPath("/get/%zz")).status).toBe(400);
    expect((await fetchPath("/")).status).toBe(400);
    expect((await fetchPath("/", { method: "POST", body: '{"a":1}' })).status).toBe(400);
    expect((await fetchPath("/", { method: "POST", body: '["get",{}]' })).status).toBe(400);
  });
});

describe("pipelines", () => {
  it("answer in order, each error in its place", async ({ expect }) => {
    const name = key();
    const results = await client()
      .pipeline()
      .set(name, "text")
      .lpush(name, "x")
      .get(name)
      .exec({ keepErrors: true });
    expect(results[0]).toMatchObject({ result: "OK" });
    expect(results[1]!.error).toContain("WRONGTYPE");
    expect(results[2]).toMatchObject({ result: "text" });
  });

  it("refuse one command without failing the others", async ({ expect }) => {
    const response = await fetchPath("/pipeline", {
      method: "POST",
      body: JSON.stringify([["ECHO", "a"], ["monitor"], ["ECHO", "b"]]),
    });
    expect(response.status).toBe(200);
    const [first, second, third] = (await response.json()) as Record<string, string>[];
    expect([first, third]).toEqual([{ result: "a" }, { result: "b" }]);
    expect(second!.error).toMatch(/^ERR Command is not available: 'MONITOR'/);
  });

  it("take 1,000 commands and refuse one more", async ({ expect }) => {
    const pipeline = (length: number) =>
      fetchPath("/pipeline", {
        method: "POST",
        body: JSON.stringify(Array.from({ length }, (_, at) => ["ECHO", at])),
      });
    const full = (await (await pipeline(1_000)).json()) as { result: string }[];
    expect(full.map(({ result }) => Number(result))).toEqual([...Array(1_000).keys()]);
    expect((await pipeline(1_001)).status).toBe(400);
  });
});

describe("transactions", () => {
  it("let nothing come between their commands", async ({ expect }) => {
    const name = key();
    const bump = () => client().multi().incr(name).incr(name).incr(name).exec<number[]>();
    const all = await Promise.all(Array.from({ length: 30 }, bump));
    for (const [first, second, third] of all) {
      expect([second, third]).toEqual([first! + 1, first! + 2]);
    }
    expect(await client().get(name)).toBe(90);
  });

  it("change nothing when one command cannot be queued", async ({ expect }) => {
    const name = key();
    const multi = (...commands: string[][]) =>
      fetchPath("/multi-exec", { method: "POST", body: JSON.stringify(commands) });
    for (const bad of [["incr"], ["subscribe", "x"]]) {
      const response = await multi(["set", name, "1"], bad);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { error: string }).error).toMatch(/^EXECABORT .* ERR /);
    }
    expect(await client().exists(name)).toBe(0);
  });

  it("run on past a command that fails, as Redis does", async ({ expect }) => {
    const name = key();
    const results = await client()
      .multi()
      .set(name, "text")
      .lpush(name, "x")
      .set(name, "later")
      .exec({ keepErrors: true });
    expect(results.map(({ error }) => error?.split(" ")[0])).toEqual([
      undefined,
      "WRONGTYPE",
      undefined,
    ]);
    expect(await client().get(name)).toBe("later");
  });
});

describe("scripts", () => {
  it("fall back from EVALSHA to EVAL and are cached then", async ({ expect }) => {
    const redis = client({ enableAutoPipelining: false });
    const script = redis.createScript<[string, [string, string]]>(
      `return {ARGV[1], {redis.status_reply('OK'), '${crypto.randomUUID()}'}}`,
    );
    const [echoed, nested] = await script.exec([], [AWKWARD]);
    expect(echoed).toBe(AWKWARD);
    expect(nested[0]).toBe("OK");
    expect(await script.evalsha([], ["again"])).toEqual(["again", nested]);
    await expect(redis.evalsha("f".repeat(40), [], [])).rejects.toThrow("NOSCRIPT");
  });
});

describe("access", () => {
  it("needs the token, whatever the path", async ({ expect }) => {
    await expect(client({ token: "wrong" }).get("k")).rejects.toThrow("WRONGPASS");
    for (const path of ["/", "/pipeline", "/get/a", "/get/a?_token=wrong"]) {
      const response = await fetch(gateway.url + path, { method: "POST", body: "[]" });
      expect(response.status).toBe(401);
    }
    expect((await fetch(`${gateway.url}/get/a?_token=${TOKEN}`)).status).toBe(200);
  });

  it("refuses what would hold or change the shared connection", async ({ expect }) => {
    const redis = client({ enableAutoPipelining: false });
    const refused = ["MULTI", "watch a", "SUBSCRIBE a", "BLPOP a 0", "SELECT 1", "SHUTDOWN"];
    for (const line of [...refused, "XREAD BLOCK 0 STREAMS a 0", "CONFIG GET *"]) {
      await expect(redis.exec(line.split(" ") as [string])).rejects.toThrow("not available");
    }
  });

  it("gives a sync token and limits bodies", async ({ expect }) => {
    const response = await fetchPath("/get/a");
    expect(response.headers.get("upstash-sync-token")).toBeTruthy();
    const large = await fetchPath("/", { method: "POST", body: "x".repeat(11 * 1024 * 1024) });
    expect(large.status).toBe(413);
  });
});

describe("when Redis stops", () => {
  it("fails at once and recovers by itself", async ({ expect }) => {
    const redis = client();
    const name = key();
    await redis.set(name, "kept");
    await engine.stop();
    const startedAt = performance.now();
    await expect(redis.get(name)).rejects.toThrow("Redis");
    expect((await fetchPath(`/get/${name}`)).status).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await startEngine();
    expect(await redis.get(name)).toBe("kept");
  }, 30_000);
});
