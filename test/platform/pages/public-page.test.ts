import { beforeAll, describe, it } from "vitest";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import { openPageApp } from "./page-app.ts";

beforeAll(async () => {
  await openPageApp().send("/things/warm-up");
});

const VARYING = new Set(["x-request-id", "server-timing", "x-round-trips", "content-length"]);
const fixed = (response: Response) =>
  [...response.headers].filter(([name]) => !VARYING.has(name)).sort();

describe("a public page", () => {
  it("is answered with a strong ETag, for browsers to ask again with", async ({ expect }) => {
    const { send } = openPageApp();
    const { response, cache } = await send("/things/a");
    expect([response.status, cache]).toEqual([200, "miss"]);
    expect(response.headers.get("ETag")).toMatch(/^"[0-9a-f]{32}"$/);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=0, must-revalidate");
    expect(response.headers.get("CDN-Cache-Control")).toContain("must-revalidate");
    expect(response.headers.get("Content-Type")).toBe("application/json");
  });

  it.for([true, false])("is 304 to who has it, hot or not (%s)", async (hot, { expect }) => {
    const { send, warm } = openPageApp();
    const { response } = await warm("/things/a");
    const etag = response.headers.get("ETag")!;
    const cases: [string, number][] = [
      [etag, 304],
      [`W/${etag}`, 304],
      [`"other", ${etag}`, 304],
      ["*", 304],
      ['"other"', 200],
      ["", 200],
    ];
    for (const [header, status] of cases) {
      const init = { headers: { "If-None-Match": header } };
      const again = await send("/things/a", init, { hot });
      expect([header, again.response.status, again.isHot]).toEqual([header, status, hot]);
      if (status !== 304) continue;
      expect(again.text).toBe("");
      expect(again.response.headers.get("ETag")).toBe(etag);
      expect(again.response.headers.has("Content-Type")).toBe(false);
    }
  });

  it("is the same with HEAD, without its body", async ({ expect }) => {
    const { send, warm } = openPageApp();
    const { response } = await warm("/things/a");
    const head = await send("/things/a", { method: "HEAD" });
    expect([head.response.status, head.text]).toEqual([200, ""]);
    expect(fixed(head.response)).toEqual(fixed(response));
  });

  it("that is hot has every header and byte that the pipeline would give it", async ({
    expect,
  }) => {
    const { send, warm } = openPageApp();
    const hot = await warm("/things/a?color=red");
    const piped = await send("/things/a?color=red", {}, { hot: false });
    expect([hot.isHot, piped.isHot]).toEqual([true, false]);
    expect([hot.cache, piped.cache]).toEqual(["hit-memory", "hit-memory"]);
    expect(fixed(hot.response)).toEqual(fixed(piped.response));
    expect(hot.text).toBe(piped.text);
    expect(hot.response.headers.get("X-Round-Trips")).toBe("0");
    expect(hot.response.headers.get("X-Request-Id")).toMatch(/^req_[0-9a-z]{26}$/);
  });

  it("leaves to the pipeline what is not a plain GET of a known URL", async ({ expect }) => {
    const { send, warm } = openPageApp();
    await warm("/things/a");
    const odd: RequestInit[] = [
      { method: "HEAD" },
      { method: "POST", body: "{}" },
      { method: "DELETE" },
    ];
    for (const init of odd) expect((await send("/things/a", init)).isHot).toBe(false);
    const shared = openPageApp({ CORS_ORIGINS: "https://partner.test" });
    await shared.warm("/things/a");
    for (const Origin of ["https://partner.test", "https://elsewhere.test"]) {
      expect((await shared.send("/things/a", { headers: { Origin } })).isHot).toBe(false);
    }
    expect((await send("/things/a?")).isHot).toBe(false);
    expect((await send("/things/b")).isHot).toBe(false);
  });

  it("is not found, and not kept, where there is nothing", async ({ expect }) => {
    const { send, seen } = openPageApp();
    for (const _ of [1, 2]) {
      const { response } = await send("/things/missing");
      expect(response.status).toBe(404);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
    }
    expect(seen.renders).toBe(2);
  });

  it("that is old for want of a database says so, and nobody may keep it", async ({ expect }) => {
    const { send, purge, things, warm } = openPageApp();
    await warm("/things/a");
    const { body } = await purge({ tags: ["thing:a"] });
    await new Promise((resolve) => setTimeout(resolve, Date.parse(body.effectiveBy!) - Date.now()));
    things.set("a", async () => {
      throw new DependencyDown("replica");
    });
    const { response, cache } = await send("/things/a");
    expect([response.status, cache]).toEqual([200, "stale"]);
    expect(response.headers.get("X-Stale")).toBe("render-failed");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect((await send("/things/never-seen")).response.status).toBe(200);
    things.set("b", things.get("a")!);
    expect((await send("/things/b")).response.status).toBe(503);
  });
});

describe("POST /ops/v1/purge", () => {
  it("ends a page everywhere by the time it says", async ({ expect }) => {
    const { purge, warm, send } = openPageApp();
    expect((await warm("/things/a")).isHot).toBe(true);
    const { status, body } = await purge({ tags: ["thing:a"] });
    expect([status, body.pages, body.tags]).toEqual([200, 1, ["thing:a"]]);
    await new Promise((resolve) => setTimeout(resolve, Date.parse(body.effectiveBy!) - Date.now()));
    const after = await send("/things/a");
    expect([after.cache, JSON.parse(after.text).render]).toEqual(["miss", 2]);
  });

  it("ends one page by its path, whatever its parameters' order", async ({ expect }) => {
    const { purge, warm, send } = openPageApp();
    await warm("/things/a?color=red&size=1");
    await warm("/things/a");
    const { status, body } = await purge({ paths: ["/things/a?size=1&color=red&utm_source=x"] });
    expect([status, body.pages]).toEqual([200, 1]);
    expect(body.tags[0]).toMatch(/^page:[0-9a-f]{40}$/);
    await new Promise((resolve) => setTimeout(resolve, Date.parse(body.effectiveBy!) - Date.now()));
    expect((await send("/things/a?color=red&size=1")).cache).toBe("miss");
    expect((await send("/things/a")).cache).toBe("hit-memory");
  });

  it("only says what it would end in a dry run", async ({ expect }) => {
    const { purge, warm, send } = openPageApp();
    await warm("/things/a");
    await warm("/things/b");
    const { body } = await purge({ all: true, dryRun: true });
    expect(body).toMatchObject({ effectiveBy: null, pages: 2, tags: [] });
    const { body: byTag } = await purge({ tags: ["thing:b", "thing:c"], dryRun: true });
    expect(byTag).toMatchObject({ pages: 1, tags: ["thing:b", "thing:c"] });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await send("/things/a")).cache).toBe("hit-memory");
  });

  it("ends all pages", async ({ expect }) => {
    const { purge, warm, send } = openPageApp();
    await warm("/things/a");
    await warm("/things/b");
    const { body } = await purge({ all: true });
    expect(body.pages).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, Date.parse(body.effectiveBy!) - Date.now()));
    expect([(await send("/things/a")).cache, (await send("/things/b")).cache]).toEqual([
      "miss",
      "miss",
    ]);
  });

  it("refuses paths that are no pages, by pointer", async ({ expect }) => {
    const { purge } = openPageApp();
    const paths = ["/things/a", "/private", "//evil.test/things/a", "things/a", "/things/UPPER"];
    const { status, body } = await purge({ paths });
    expect([status, body.errors.map(({ pointer }) => pointer)]).toEqual([
      422,
      ["/paths/1", "/paths/2", "/paths/3", "/paths/4"],
    ]);
  });
});

describe("GET /ops/v1/pages", () => {
  it("tells size, hits by layer, and how old the knowledge of purges is", async ({ expect }) => {
    const { send, warm } = openPageApp();
    await warm("/things/a");
    const { text } = await send("/ops/v1/pages");
    const statistics = JSON.parse(text);
    expect(statistics).toMatchObject({
      entries: 1,
      served: { "hit-memory": 1, miss: 1 },
      hitRates: { "hit-memory": 0.5, "hit-pop": 0, "hit-global": 0 },
      feed: { state: "fresh" },
    });
    expect(statistics.bytes).toBeGreaterThan(400);
    expect(statistics.feed.position).toBeGreaterThan(Date.parse("2026-01-01"));
  });
});
