import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { api } from "../../src/api.ts";
import { call } from "../support/worker-shop.ts";
import { ownName, type Problem, type Saved, saveBlock, savePage } from "./content.ts";

describe("PUT /ops/v1/content/blocks/{key}", () => {
  it("makes a block, then replaces the version that was read", async ({ expect }) => {
    const key = ownName();
    const made = await saveBlock(key, { title: "One" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ key, title: "One", version: 1, published: true });
    expect(made.body.purge).toMatchObject({ position: expect.any(Number) });
    const changed = await saveBlock(key, { title: "Two", version: 1, published: false });
    expect([changed.status, changed.body.version]).toEqual([200, 2]);
    const read = await call<Saved>("GET", `/ops/v1/content/blocks/${key}`);
    expect(read.body).toMatchObject({ title: "Two", version: 2, published: false });
  });

  it("refuses whoever has not read the newest version, and says which that is", async ({
    expect,
  }) => {
    const key = ownName();
    const none = await saveBlock(key, { version: 3 });
    expect([none.status, none.body.type, none.body.current]).toEqual([
      409,
      "/problems/content-conflict",
      0,
    ]);
    await saveBlock(key, { title: "One" });
    const again = await saveBlock(key, { title: "Other" });
    expect([again.status, again.body.current]).toEqual([409, 1]);
    await saveBlock(key, { title: "Two", version: 1 });
    const late = await saveBlock(key, { title: "Other", version: 1 });
    expect([late.status, late.body.current]).toEqual([409, 2]);
  });

  it("lets one of many editors win", async ({ expect }) => {
    const key = ownName();
    await saveBlock(key, { title: "Start" });
    const titles = Array.from({ length: 8 }, (_, at) => `Editor ${at}`);
    const saved = await Promise.all(titles.map((title) => saveBlock(key, { title, version: 1 })));
    expect(saved.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(saved.filter(({ status }) => status === 409)).toHaveLength(7);
  });

  it("succeeds again for a repeat whose first answer was lost", async ({ expect }) => {
    const key = ownName();
    const draft = { title: "Same", data: { b: 1, a: [true, null] }, bodyHtml: "<b>x" };
    const first = await saveBlock(key, draft);
    const repeat = await saveBlock(key, draft);
    expect([repeat.status, repeat.body.version]).toEqual([201, 1]);
    expect(repeat.body).toEqual({ ...first.body, purge: null });
  });

  it("answers a repeat with the same key byte for byte", async ({ expect }) => {
    const path = `/ops/v1/content/blocks/${ownName()}`;
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const first = await call("PUT", path, { body: { title: "One" }, headers });
    const repeat = await call("PUT", path, { body: { title: "One" }, headers });
    expect(repeat.headers.get("Idempotent-Replayed")).toBe("true");
    expect(repeat.body).toEqual(first.body);
    const other = await call<Problem>("PUT", path, { body: { title: "Two" }, headers });
    expect([other.status, other.body.type]).toEqual([422, "/problems/idempotency-key-reused"]);
  });

  it("keeps no markup that could run", async ({ expect }) => {
    const bodyHtml = `<p onclick="x()">Hi<script>alert(1)</script><a href="javascript:x">a</a>
      <img src=x onerror=alert(1)><svg onload=x><iframe src="//evil"></iframe><style>*{}</style>`;
    const { body } = await saveBlock(ownName(), { bodyHtml });
    expect(body.bodyHtml).toMatch(/^<p>Hi<a>a<\/a>\s*<img>/);
    expect(body.bodyHtml).not.toMatch(/script|onclick|onerror|onload|svg|iframe|style|javascript/);
    const page = await savePage(ownName(), { bodyHtml: "<h1>ok</h1><script>no" });
    expect(page.body.bodyHtml).toBe("<h1>ok</h1>");
  });

  it.for([
    ["/title", { title: "" }],
    ["/title", { title: "a\u0000b" }],
    ["/bodyHtml", { bodyHtml: "a\u0000b" }],
    ["/bodyHtml", { bodyHtml: "x".repeat(200_001) }],
    ["/data", { data: { deep: [{ text: "\u0000" }] } }],
    ["/data", { data: { "key\u0000": 1 } }],
    ["/data", { data: { list: Array(40_000).fill(1) } }],
    ["/data/constructor", { data: { constructor: 1 } }],
    ["/id", { id: "blk_1" }],
    ["/version", { version: -1 }],
    ["/published", { published: "yes" }],
  ] as const)("refuses %s when it is wrong", async ([pointer, body], { expect }) => {
    const refused = await saveBlock(ownName(), body);
    expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([422, pointer]);
  });
});

describe("half a character", () => {
  it("is no JSON: the gate refuses it before anybody reads a field", async ({ expect }) => {
    const refused = await saveBlock(ownName(), { title: "half \ud800" });
    expect([refused.status, refused.body.type]).toEqual([400, "/problems/request-malformed"]);
  });
});

describe("PUT /ops/v1/content/pages/{slug}", () => {
  it("has versions of its own", async ({ expect }) => {
    const slug = ownName();
    const made = await savePage(slug, { title: "One", blocks: ["a", "b"] });
    expect([made.status, made.body.version]).toEqual([201, 1]);
    expect((await savePage(slug, { title: "Two" })).status).toBe(409);
    expect((await savePage(slug, { title: "Two", version: 1 })).body.version).toBe(2);
    const read = await call("GET", `/ops/v1/content/pages/${slug}`);
    expect(read.body).toMatchObject({
      title: "Two",
      blocks: [],
      seo: { title: null, description: null },
    });
  });

  it.for([
    ["/blocks/1", { blocks: ["ok", "not ok"] }],
    ["/blocks", { blocks: Array(51).fill("a") }],
    ["/seo/title", { seo: { title: "x".repeat(201) } }],
  ] as const)("refuses %s when it is wrong", async ([pointer, body], { expect }) => {
    const refused = await savePage(ownName(), body);
    expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([422, pointer]);
  });
});

describe("DELETE", () => {
  it.for(["blocks", "pages"])("removes of the %s only what was read", async (kind, { expect }) => {
    const path = `/ops/v1/content/${kind}/${ownName()}`;
    await call("PUT", path, { body: { title: "One" } });
    expect((await call("DELETE", path)).status).toBe(422);
    const wrong = await call<Problem>("DELETE", `${path}?version=2`);
    expect([wrong.status, wrong.body.current]).toEqual([409, 1]);
    const removed = await call<Saved>("DELETE", `${path}?version=1`);
    expect([removed.status, typeof removed.body.purge?.position]).toEqual([200, "number"]);
    expect((await call("GET", path)).status).toBe(404);
    const again = await call<Problem>("DELETE", `${path}?version=1`);
    expect([again.status, again.body.current]).toEqual([409, 0]);

    // What is made anew goes on counting: nobody who read the old one can replace the new one.
    const anew = await call<Saved>("PUT", path, { body: { title: "Anew" } });
    expect([anew.status, anew.body.version]).toEqual([201, 2]);
    const late = await call<Problem>("PUT", path, { body: { title: "Late", version: 1 } });
    expect([late.status, late.body.current]).toEqual([409, 2]);
    expect((await call("DELETE", `${path}?version=2`)).status).toBe(200);
    const third = await call<Saved>("PUT", path, { body: { title: "Third" } });
    expect(third.body.version).toBe(3);
  });
});

describe("a staff key's scopes", () => {
  it("open content by its own name", async ({ expect }) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("key"));
    const sha256 = [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
    const ask = async (method: string, scopes: string[]) => {
      const settings = { ...env, STAFF_KEYS: JSON.stringify([{ id: "editor", sha256, scopes }]) };
      const request = new Request(`http://shop.test/ops/v1/content/blocks/${ownName()}`, {
        method,
        headers: { Authorization: "Bearer key", "Content-Type": "application/json" },
        ...(method === "PUT" ? { body: JSON.stringify({ title: "T" }) } : {}),
      });
      return (await api.fetch(request, settings as Env, createExecutionContext())).status;
    };
    expect(await ask("PUT", ["content:write"])).toBe(201);
    expect(await ask("GET", ["content:read"])).toBe(404);
    expect(await ask("PUT", ["content:read"])).toBe(403);
    expect(await ask("PUT", ["catalog:write"])).toBe(403);
  });
});
