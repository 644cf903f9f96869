import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it, vi } from "vitest";
import { EDGE_MAX_AGE_MS, type NewFact } from "../../../src/platform/edge/facts.ts";
import { FORWARD_LIMIT, OPERATOR_LIMIT } from "../../../src/platform/edge/forward.ts";

/** A feed of each test's own, so that tests may run in any order. */
const newFeed = () => env.EDGE_FEED.getByName(`test_${crypto.randomUUID()}`);
type Feed = ReturnType<typeof newFeed>;

const purge = (...tags: string[]): NewFact[] => tags.map((value) => ({ kind: "purge", value }));

async function append(feed: Feed, facts: NewFact[], batchId?: string) {
  const appended = await feed.append(facts, batchId === undefined ? {} : { batchId });
  if (!appended.ok) throw new Error(appended.error.code);
  return appended.value;
}

const valuesAfter = async (feed: Feed, position: number) =>
  (await feed.since(position)).facts.map(({ value }) => value);

describe("EdgeFeedObject.append", () => {
  it("answers a position that a reader then reaches, and the time by which all do", async ({
    expect,
  }) => {
    const feed = newFeed();
    const before = await feed.since(0);
    const appended = await append(feed, purge("product:a", "product:b"));
    expect(appended.position).toBeGreaterThan(before.position);
    expect(appended.effectiveByMs - Date.now()).toBeLessThanOrEqual(EDGE_MAX_AGE_MS);
    expect(appended.effectiveByMs - Date.now()).toBeGreaterThan(0);
    const delta = await feed.since(before.position);
    expect(delta).toMatchObject({ position: appended.position, more: false });
    expect(delta.facts.map(({ value }) => value)).toEqual(["product:a", "product:b"]);
  });

  it("takes thousands of tags as one write", async ({ expect }) => {
    const feed = newFeed();
    const { position } = await feed.since(0);
    const tags = Array.from({ length: 5_000 }, (_, index) => `product:p${index}`);
    await append(feed, purge(...tags));
    expect(await valuesAfter(feed, position)).toEqual(tags);
  });

  it("appends a repeated batch once, also after an eviction", async ({ expect }) => {
    const feed = newFeed();
    const first = await append(feed, purge("product:a"), "outbox:1");
    await evictDurableObject(feed);
    const again = await append(feed, purge("product:a"), "outbox:1");
    expect(again.position).toBe(first.position);
    expect((await feed.since(0)).position).toBe(first.position);
  });

  it("keeps only the newest fact of a topic and value", async ({ expect }) => {
    const feed = newFeed();
    await append(feed, purge("product:a", "product:b", "product:a"));
    await append(feed, [{ kind: "block", value: "203.0.113.9" }]);
    await append(feed, [{ kind: "unblock", value: "203.0.113.9" }, ...purge("product:b")]);
    const kinds = (await feed.since(0)).facts.map(({ kind, value }) => `${kind} ${value}`);
    expect(kinds).toEqual(["purge product:a", "unblock 203.0.113.9", "purge product:b"]);
  });

  it("drops the purges that a purge of everything covers", async ({ expect }) => {
    const feed = newFeed();
    const { floor } = await feed.since(0);
    await append(feed, purge("product:a", "product:b"));
    await append(feed, [
      ...purge("product:c"),
      { kind: "purge_all", value: "" },
      ...purge("product:d"),
    ]);
    const delta = await feed.since(0);
    expect(delta.facts.map(({ kind }) => kind)).toEqual(["purge_all", "purge"]);
    // Not truncated: a reader that was there before learns it without starting again.
    expect(delta.floor).toBe(floor);
  });

  it.for<[string, NewFact]>([
    ["a tag with a comma", { kind: "purge", value: "product:a,product:b" }],
    ["a tag with a star", { kind: "purge", value: "product:*" }],
    ["a tag of spaces", { kind: "purge", value: "product:a b" }],
    ["nothing", { kind: "purge", value: "" }],
    ["a long value", { kind: "block", value: "x".repeat(300) }],
    ["an unknown kind", { kind: "constructor" as "purge", value: "a" }],
  ])("refuses %s", async ([, fact], { expect }) => {
    const feed = newFeed();
    const { position } = await feed.since(0);
    await expect(runInDurableObject(feed, (object) => object.append([fact]))).rejects.toThrow();
    expect((await feed.since(0)).position).toBe(position);
  });

  it("limits operators, not the shop's own events", async ({ expect }) => {
    const feed = newFeed();
    const asked = Array.from({ length: OPERATOR_LIMIT.burst + 5 }, (_, index) =>
      feed.append(purge(`product:p${index}`), { byOperator: true }),
    );
    const refused = (await Promise.all(asked)).filter(({ ok }) => !ok);
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({ error: { code: "too_many_requests" } });
    expect((await feed.append(purge("product:x"))).ok).toBe(true);
  });
});

describe("EdgeFeedObject.since", () => {
  it("answers in parts that together are everything, once", async ({ expect }) => {
    const feed = newFeed();
    const tags = Array.from({ length: 25 }, (_, index) => `product:p${index}`);
    await append(feed, purge(...tags));
    const seen: string[] = [];
    let position = 0;
    for (let more = true; more; ) {
      const delta = await feed.since(position, { limit: 10 });
      seen.push(...delta.facts.map(({ value }) => value));
      ({ position, more } = delta);
    }
    expect(seen).toEqual(tags);
  });

  it("begins behind every position that a lost or restored feed ever gave out", async ({
    expect,
  }) => {
    const feed = newFeed();
    await append(feed, purge("product:a"));
    await runInDurableObject(feed, async (_object, state) => {
      state.storage.sql.exec("UPDATE feed SET position = 1000, floor = 1000");
    });
    await evictDurableObject(feed);
    const before = Date.now();
    expect((await append(feed, purge("product:b"))).position).toBeGreaterThanOrEqual(before);
  });
});

describe("EdgeFeedObject.beginRestore", () => {
  /** As the platform might: the object goes on from nothing. */
  async function lose(feed: Feed) {
    await runInDurableObject(feed, (_object, state) => state.storage.deleteAll());
    await evictDurableObject(feed);
  }

  it("lets one at a time make it whole, and knows what it lacks after an eviction too", async ({
    expect,
  }) => {
    const feed = newFeed();
    expect((await feed.since(0)).isWhole).toBe(false);
    const generation = (await feed.beginRestore())!;
    expect(await feed.beginRestore()).toBeUndefined();
    await evictDurableObject(feed);
    expect(await feed.beginRestore()).toBe(generation);
    expect(await feed.endRestore(generation)).toBe(true);
    await evictDurableObject(feed);
    expect(await feed.since(0)).toMatchObject({ isWhole: true, generation });
    expect(await feed.beginRestore()).toBeUndefined();
  });

  it("is another one after a loss, which nothing told to the one before makes whole", async ({
    expect,
  }) => {
    const feed = newFeed();
    const before = (await feed.beginRestore())!;
    await lose(feed);
    expect(await feed.endRestore(before)).toBe(false);
    const { generation, isWhole } = await feed.since(0);
    expect(isWhole).toBe(false);
    expect(generation).not.toBe(before);
    // Whoever died at it does not keep others from it for long.
    expect(await feed.beginRestore()).toBe(generation);
    vi.useFakeTimers({ now: Date.now() + 5_000, toFake: ["Date"] });
    expect(await feed.beginRestore()).toBe(generation);
    vi.useRealTimers();
  });

  it("is another one once a reader of its own is ahead of it: it went back", async ({ expect }) => {
    const feed = newFeed();
    await feed.endRestore((await feed.beginRestore())!);
    const { position, generation } = await feed.since(0);
    // A reader of another storage proves nothing.
    await feed.since(position + 1, { generation: "another" });
    expect(await feed.since(0)).toMatchObject({ generation, isWhole: true });
    const back = await feed.since(position + 1, { generation });
    expect(back.isWhole).toBe(false);
    expect(back.generation).not.toBe(generation);
  });
});

describe("EdgeFeedObject.alarm", () => {
  const HOUR_MS = 60 * 60 * 1000;

  it("forgets purges after an hour and raises the floor, but no block that stands", async ({
    expect,
  }) => {
    const feed = newFeed();
    await append(feed, [
      { kind: "block", value: "203.0.113.9" },
      { kind: "block", value: "203.0.113.10", untilMs: Date.now() + 60_000 },
      ...purge("product:a", "product:b"),
      { kind: "unblock", value: "203.0.113.7" },
    ]);
    const { position, floor } = await feed.since(0);
    expect(floor).toBeLessThan(position);
    vi.useFakeTimers({ now: Date.now() + HOUR_MS + 1_000, toFake: ["Date"] });
    try {
      expect(await runDurableObjectAlarm(feed)).toBe(true);
      const after = await feed.since(0);
      expect(after.facts.map(({ value }) => value)).toEqual(["203.0.113.9"]);
      expect(after).toMatchObject({ position, floor: position });
      // Nothing is left that will ever be due.
      expect(await runDurableObjectAlarm(feed)).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it("keeps a bounded number of purges", async ({ expect }) => {
    const feed = newFeed();
    for (let part = 0; part < 6; part += 1) {
      const tags = Array.from({ length: 10_000 }, (_, index) => `product:p${part}_${index}`);
      await append(feed, purge(...tags));
    }
    const { floor, position } = await feed.since(Number.MAX_SAFE_INTEGER);
    const kept = await runInDurableObject(feed, (_object, state) =>
      state.storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM fact").one(),
    );
    expect(kept.n).toBe(50_000);
    expect(position - floor).toBe(50_000);
  });
});

describe("EdgeFeedObject.takeForward", () => {
  it("hands each purge out once, a hundred tags at a time, and then has to wait", async ({
    expect,
  }) => {
    const feed = newFeed();
    await append(feed, [{ kind: "block", value: "203.0.113.9" }]);
    expect(await feed.takeForward()).toEqual({ forward: undefined, waiting: false });
    const tags = Array.from({ length: 130 }, (_, index) => `product:p${index}`);
    await append(feed, purge(...tags));
    const [first, second] = [await feed.takeForward(), await feed.takeForward()];
    expect(first).toEqual({ forward: { tags: tags.slice(0, 100) }, waiting: true });
    expect(second).toEqual({ forward: { tags: tags.slice(100) }, waiting: false });
    for (let call = 2; call < FORWARD_LIMIT.burst; call += 1) {
      await append(feed, purge(`product:q${call}`));
      expect((await feed.takeForward()).forward).toBeDefined();
    }
    await append(feed, purge("product:late"));
    expect(await feed.takeForward()).toEqual({ forward: undefined, waiting: true });
  });
});
