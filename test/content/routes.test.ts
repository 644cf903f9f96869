import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { api } from "../../src/api.ts";
import { contentBlocks, contentPages } from "../../src/content/documents.ts";
import { blockIdOf, pageIdOf } from "../../src/content/tags.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { call, roundTrips } from "../support/worker-shop.ts";
import { effective, getBlock, getPage, ownName, saveBlock, savePage } from "./content.ts";

describe("GET /content/blocks/{key}", () => {
  it("answers a published block, and from memory the second time", async ({ expect }) => {
    const key = ownName();
    const data = { items: [{ id: 7, price: "from 9" }], image: "/media/a.svg" };
    await saveBlock(key, { title: "Summer", bodyHtml: "<p>Hello</p>", data });
    const first = await getBlock(key);
    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      id: expect.stringMatching(/^blk_[0-9a-z]{26}$/),
      key,
      locale: "en",
      title: "Summer",
      bodyHtml: "<p>Hello</p>",
      data,
      version: 1,
      updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(first.headers.get("X-Cache")).toBe("miss");
    const second = await getBlock(key);
    expect([second.headers.get("X-Cache"), roundTrips(second)]).toEqual(["hit-memory", 0]);
    expect(second.body).toEqual(first.body);
    const etag = first.headers.get("ETag")!;
    const path = `/api/v2/content/blocks/${key}`;
    expect((await call("GET", path, { headers: { "If-None-Match": etag } })).status).toBe(304);
  });

  it("shows a change once its purge holds, not before it is made", async ({ expect }) => {
    const key = ownName();
    const { body: made } = await saveBlock(key, { title: "Old" });
    await effective(made.purge);
    expect((await getBlock(key)).body.title).toBe("Old");
    const { body: changed } = await saveBlock(key, { title: "New", version: 1 });
    await effective(changed.purge);
    const fresh = await getBlock(key);
    expect([fresh.body.title, fresh.body.version]).toEqual(["New", 2]);
    expect(fresh.headers.get("X-Cache")).toBe("miss");
  });

  it("knows nothing of one that is not published, or that is gone", async ({ expect }) => {
    const key = ownName();
    expect((await getBlock(key)).status).toBe(404);
    await saveBlock(key, { published: false });
    expect((await getBlock(key)).status).toBe(404);
    const { body: shown } = await saveBlock(key, { version: 1 });
    await effective(shown.purge);
    expect((await getBlock(key)).status).toBe(200);
    const path = `/ops/v1/content/blocks/${key}?version=2`;
    const { body: removed } = await call<{ purge: Parameters<typeof effective>[0] }>(
      "DELETE",
      path,
    );
    await effective(removed.purge);
    expect((await getBlock(key)).status).toBe(404);
  });

  it.for(["UPPER", "a b", "a/b", "-a", "a".repeat(81), "%00", "é"])(
    "refuses the key %s",
    async (key, { expect }) => {
      const { status } = await getBlock(encodeURIComponent(key).replaceAll("%2500", "%00"));
      expect(status).toBe(422);
    },
  );
});

describe("GET /content/pages/{slug}", () => {
  it("shows its published blocks in its own order", async ({ expect }) => {
    const [slug, one, two, hidden] = [ownName(), ownName(), ownName(), ownName()];
    await saveBlock(one, { title: "One" });
    await saveBlock(two, { title: "Two" });
    await saveBlock(hidden, { published: false });
    const seo = { title: "Summer sale", description: null };
    await savePage(slug, { title: "Home", blocks: [two, hidden, "no-such-block", one, two], seo });
    const page = await getPage(slug);
    expect(page.body).toMatchObject({ slug, title: "Home", locale: "en", version: 1, seo });
    expect(page.body.blocks.map(({ title }) => title)).toEqual(["Two", "One", "Two"]);
  });

  it("changes with any block that it names, even one that was not there", async ({ expect }) => {
    const [slug, key] = [ownName(), ownName()];
    const { body: page } = await savePage(slug, { blocks: [key] });
    await effective(page.purge);
    expect((await getPage(slug)).body.blocks).toEqual([]);
    expect((await getPage(slug)).headers.get("X-Cache")).toBe("hit-memory");

    const { body: made } = await saveBlock(key, { title: "First" });
    await effective(made.purge);
    expect((await getPage(slug)).body.blocks).toMatchObject([{ key, title: "First" }]);

    const { body: changed } = await saveBlock(key, { title: "Second", version: 1 });
    await effective(changed.purge);
    expect((await getPage(slug)).body.blocks).toMatchObject([{ key, title: "Second" }]);

    const { body: hidden } = await saveBlock(key, { published: false, version: 2 });
    await effective(hidden.purge);
    expect((await getPage(slug)).body.blocks).toEqual([]);
  });

  it("stays in memory when a block changes that it does not name", async ({ expect }) => {
    const [slug, other] = [ownName(), ownName()];
    const { body: page } = await savePage(slug, {});
    await effective(page.purge);
    await getPage(slug);
    const { body: made } = await saveBlock(other, {});
    await effective(made.purge);
    expect((await getPage(slug)).headers.get("X-Cache")).toBe("hit-memory");
  });

  it("is not there when it is not published", async ({ expect }) => {
    const slug = ownName();
    await savePage(slug, { published: false });
    expect((await getPage(slug)).status).toBe(404);
  });
});

describe("the budget", () => {
  const { documents } = openIo(env, "test");

  it("of a page that no layer has is 3 steps", async ({ expect }) => {
    const [slug, key] = [ownName(), ownName()];
    const content = { locale: "en", title: "T", bodyHtml: "", published: true, version: 1 };
    const common = { ...content, updatedAtMs: 0 };
    // Past the routes, so that nothing was purged: right after a purge, a page is rendered twice.
    await documents
      .insert(contentBlocks)
      .values({ ...common, id: await blockIdOf(key), key, data: {} });
    await documents.insert(contentPages).values({
      ...common,
      id: await pageIdOf(slug),
      slug,
      blocks: [key],
      seo: { title: null, description: null },
    });
    for (const cold of [await getBlock(key), await getPage(slug)]) {
      expect([cold.status, cold.headers.get("X-Cache")]).toEqual([200, "miss"]);
      expect(roundTrips(cold)).toBeLessThanOrEqual(3);
    }
  });
});

describe("without Neon", () => {
  const away = { ...env, NEON_ENDPOINT: "http://127.0.0.1:9" } as Env;
  const ask = (path: string) =>
    api.fetch(new Request(`http://shop.test${path}`), away, createExecutionContext());

  it("a page that nobody has is 503, with the time to come back", async ({ expect }) => {
    const response = await ask(`/api/v2/content/pages/${ownName()}`);
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "2"]);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  it("a page in memory is served as ever", async ({ expect }) => {
    const key = ownName();
    const { body: made } = await saveBlock(key, {});
    await effective(made.purge);
    await getBlock(key);
    const response = await ask(`/api/v2/content/blocks/${key}`);
    expect([response.status, response.headers.get("X-Cache")]).toEqual([200, "hit-memory"]);
  });

  it("a page that was purged stands in for itself, and says so", async ({ expect }) => {
    const key = ownName();
    const { body: made } = await saveBlock(key, { title: "Old" });
    await effective(made.purge);
    await getBlock(key);
    const { body: changed } = await saveBlock(key, { title: "New", version: 1 });
    await effective(changed.purge);
    const response = await ask(`/api/v2/content/blocks/${key}`);
    expect([response.status, response.headers.get("X-Cache")]).toEqual([200, "stale"]);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await response.json()).toMatchObject({ title: "Old" });
  });
});
