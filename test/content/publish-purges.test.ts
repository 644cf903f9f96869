import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { contentPurges } from "../../src/content/documents.ts";
import type { NotedPurge } from "../../src/content/model.ts";
import { publishOrLeave, sweepPurges } from "../../src/content/publish-purges.ts";
import { saveBlock } from "../../src/content/save-block.ts";
import { blockIdOf, blockTag } from "../../src/content/tags.ts";
import type { EdgeFeedBinding, EdgeFeedObject } from "../../src/platform/edge/index.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { ownName } from "./content.ts";

const io = openIo(env, "test");
/** A sweep of a minute later: it takes what these tests note, which nobody else's sweep does yet. */
const later = openIo(env, "test", undefined, { nowMs: () => Date.now() + 60_000 });
const DRAFT = {
  version: 0,
  title: "T",
  bodyHtml: "",
  data: {},
  published: true,
};

/** A feed that answers nobody, as far as this context can tell. */
const away = {
  EDGE_FEED: {
    getByName: () => ({
      append: () => Promise.reject(Object.assign(new Error("overloaded"), { overloaded: true })),
    }),
  } as unknown as DurableObjectNamespace<EdgeFeedObject>,
} satisfies EdgeFeedBinding;

async function noted(key: string): Promise<NotedPurge> {
  const saved = await saveBlock(io, key, DRAFT);
  if (!saved.ok || !saved.value.purge) throw new Error("not saved");
  return saved.value.purge;
}

const waiting = async () => {
  const rows = await io.documents.select().from(contentPurges);
  return rows.map(({ id }) => id);
};

const purgesOf = async (tag: string) => {
  const feed = env.EDGE_FEED.getByName("root");
  let position = 0;
  for (let found = 0; ; ) {
    const delta = await feed.since(position);
    found += delta.facts.filter(({ kind, value }) => kind === "purge" && value === tag).length;
    if (!delta.more) return found;
    position = delta.position;
  }
};

describe("a change's purge", () => {
  it("is noted with the change, told to the feed, and then forgotten", async ({ expect }) => {
    const key = ownName();
    const purge = await noted(key);
    expect(purge.tags).toEqual([blockTag(await blockIdOf(key))]);
    expect(await waiting()).toContain(purge.id);
    const appended = await publishOrLeave(io, env, purge);
    expect(appended?.position).toBeGreaterThan(0);
    expect(await waiting()).not.toContain(purge.id);
    expect(await purgesOf(purge.tags[0]!)).toBe(1);
  });

  it("waits for the sweep when the feed is away, and reaches it then", async ({ expect }) => {
    const purge = await noted(ownName());
    expect(await publishOrLeave(io, away, purge)).toBeUndefined();
    expect((await sweepPurges(later, away)).failed).toBeGreaterThanOrEqual(1);
    expect(await waiting()).toContain(purge.id);
    expect(await purgesOf(purge.tags[0]!)).toBe(0);

    expect((await sweepPurges(later, env)).swept).toBeGreaterThanOrEqual(1);
    expect(await waiting()).not.toContain(purge.id);
    expect(await purgesOf(purge.tags[0]!)).toBe(1);
  });

  it("is left to its own request while it is young", async ({ expect }) => {
    const purge = await noted(ownName());
    await sweepPurges(io, env);
    expect(await waiting()).toContain(purge.id);
  });

  it("is told again after a crash between telling and forgetting, without effect", async ({
    expect,
  }) => {
    const purge = await noted(ownName());
    const first = await publishOrLeave(io, env, purge);
    await io.documents
      .insert(contentPurges)
      .values({ id: purge.id, tags: [...purge.tags], notedAtMs: 0 });
    await sweepPurges(later, env);
    const again = await publishOrLeave(io, env, purge);
    expect(again?.position).toBe(first?.position);
    expect(await waiting()).not.toContain(purge.id);
  });

  it("is not noted for a change that was refused", async ({ expect }) => {
    const key = ownName();
    const purge = await noted(key);
    const refused = await saveBlock(io, key, { ...DRAFT, version: 7 });
    expect(refused).toEqual({ ok: false, error: { code: "version_conflict", current: 1 } });
    const rows = await io.documents.select().from(contentPurges);
    const ofBlock = rows.filter(({ tags }) => tags.includes(purge.tags[0]!));
    expect(ofBlock.map(({ id }) => id)).toEqual([purge.id]);
  });
});
