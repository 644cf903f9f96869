import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import {
  type GatewayOptions,
  type GatewayReply,
  parseJson,
  sameSecret,
  serveGateway,
} from "../../../local/gateways/gateway.ts";

const ok: GatewayReply = { status: 200, json: "ok" };
const start = (options: Partial<GatewayOptions> = {}) =>
  serveGateway({
    port: 0,
    maxBodyBytes: 1_000,
    answer: async () => ok,
    refuse: (status, message) => ({ status, json: { refused: message } }),
    closeEngine: async () => undefined,
    ...options,
  });

describe("serveGateway", () => {
  it("hands over method, path, parameters, headers and body as they came", async ({ expect }) => {
    const gateway = await start({
      answer: async ({ method, path, query, headers, body }) => ({
        status: 201,
        json: [method, path, [...query], headers["x-own"], body],
        headers: { "X-Reply": "yes" },
      }),
    });
    const response = await fetch(`${gateway.url}/a%2Fb/c?x=1&x=%20`, {
      method: "POST",
      headers: { "X-Own": "1" },
      body: "é😀",
    });
    expect([response.status, response.headers.get("x-reply")]).toEqual([201, "yes"]);
    expect(await response.json()).toEqual([
      "POST",
      "/a%2Fb/c",
      [
        ["x", "1"],
        ["x", " "],
      ],
      "1",
      "é😀",
    ]);
    await gateway.close();
  });

  it("refuses a body that is too long, and keeps serving that client", async ({ expect }) => {
    const gateway = await start();
    const post = (length: number) =>
      fetch(gateway.url, { method: "POST", body: "x".repeat(length) });
    expect((await post(1_000)).status).toBe(200);
    const refused = await post(1_001);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toEqual({ refused: "body exceeds 1000 bytes" });
    expect((await post(10)).status).toBe(200);
    await gateway.close();
  });

  it("listens on loopback only, and rejects when the port is taken", async ({ expect }) => {
    const gateway = await start();
    expect(gateway.url).toBe(`http://127.0.0.1:${gateway.port}`);
    await expect(start({ port: gateway.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await gateway.close();
  });

  it("answers what is under way before it closes its engine, once", async ({ expect }) => {
    const events: string[] = [];
    const gateway = await start({
      answer: async () => {
        events.push("asked");
        await sleep(200);
        events.push("answered");
        return ok;
      },
      closeEngine: async () => void events.push("closed"),
    });
    const response = fetch(gateway.url);
    while (events.length === 0) await sleep(5);
    const startedAt = performance.now();
    await Promise.all([gateway.close(), gateway.close()]);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect((await response).status).toBe(200);
    expect(events).toEqual(["asked", "answered", "closed"]);
    await expect(fetch(gateway.url)).rejects.toThrow();
  });

  it("hangs up when told to", async ({ expect }) => {
    const gateway = await start({ answer: async () => "hang-up" });
    await expect(fetch(gateway.url)).rejects.toThrow("fetch failed");
    await gateway.close();
  });

  it("writes 64-bit integers as exact literals", async ({ expect }) => {
    const gateway = await start({
      answer: async () => ({ status: 200, json: { n: 2n ** 63n - 1n } }),
    });
    expect(await (await fetch(gateway.url)).text()).toBe('{"n":9223372036854775807}');
    await gateway.close();
  });
});

describe("parseJson and sameSecret", () => {
  it("tell JSON from anything else, and equal from unequal", ({ expect }) => {
    expect(parseJson("null")).toBeNull();
    expect(parseJson("")).toBeUndefined();
    expect(sameSecret("a", "a")).toBe(true);
    for (const other of ["b", "aa", "", undefined]) expect(sameSecret(other, "a")).toBe(false);
  });
});
