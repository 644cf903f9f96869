import fc from "fast-check";
import { describe, it, vi } from "vitest";
import type { NewFact } from "../../../src/platform/edge/facts.ts";
import { EdgeReader } from "../../../src/platform/edge/reader.ts";
import { EdgeView } from "../../../src/platform/edge/view.ts";
import { isValid } from "../../../src/platform/pages/validity.ts";
import { FeedModel } from "./feed-model.ts";

const TAGS = ["product:a", "product:b", "category:c"];
const tags = fc.subarray(TAGS, { minLength: 1 });

type Step =
  | { do: "purge"; tags: string[] }
  | { do: "purge_all" }
  | { do: "read"; limit: number }
  | { do: "truncate"; count: number }
  | { do: "store"; tags: string[] }
  | { do: "renew" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("purge" as const), tags }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("purge_all" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("truncate" as const),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("store" as const), tags }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("renew" as const) }) },
);

/** What really happened and when, in steps, kept without any forgetting. */
type Purged = { at: number; tags: string[] | "all" };
const wasPurged = (history: readonly Purged[], after: number, upTo: number, shown: string[]) =>
  history.some(
    ({ at, tags: purged }) =>
      at > after && at <= upTo && (purged === "all" || purged.some((tag) => shown.includes(tag))),
  );

const visitor = (address: string) => ({ address, agent: undefined });
const asFacts = (values: string[]): NewFact[] =>
  values.map((value) => ({ kind: "purge", value }) as const);

describe("an edge view", () => {
  it("never lets a page be served after a purge that it has read, whatever was forgotten", ({
    expect,
  }) => {
    const run = (steps: Step[], purgesMax: number) => {
      const feed = new FeedModel();
      let view = new EdgeView(purgesMax);
      let isNew = true;
      let knownAt = -1;
      const history: Purged[] = [];
      const entries: { tags: string[]; seq: number; readAt: number }[] = [];
      const renew = () => {
        view = new EdgeView(purgesMax);
        isNew = true;
        knownAt = -1;
      };
      const read = (limit: number, now: number) => {
        const delta = feed.since(view.position, limit);
        if (!isNew && delta.floor > view.position) return renew();
        view.apply(delta);
        if (delta.more) return;
        isNew = false;
        knownAt = now;
      };
      for (const [now, next] of steps.entries()) {
        switch (next.do) {
          case "purge":
            feed.append(asFacts(next.tags));
            history.push({ at: now, tags: next.tags });
            break;
          case "purge_all":
            feed.append([{ kind: "purge_all", value: "" }]);
            history.push({ at: now, tags: "all" });
            break;
          case "truncate":
            feed.truncate(next.count);
            break;
          case "store":
            if (!isNew) entries.push({ tags: next.tags, seq: view.position, readAt: now });
            break;
          case "read":
            read(next.limit, now);
            break;
          case "renew":
            renew();
        }
        // What it has heard of in whole must never be shown again; while it is new, nobody asks it.
        for (const { tags: shown, seq, readAt } of isNew ? [] : entries) {
          if (!wasPurged(history, readAt, knownAt, shown)) continue;
          expect(isValid({ tags: shown, seq, storedAtMs: 0 }, view, 1)).toBe(false);
        }
      }
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), run), {
      numRuns: 3_000,
    });
  });

  it("lets a page be served when nothing it shows was purged and nothing was forgotten", ({
    expect,
  }) => {
    fc.assert(
      fc.property(fc.array(tags, { maxLength: 30 }), tags, (purges, shown) => {
        const feed = new FeedModel();
        const view = new EdgeView();
        view.apply(feed.since(0, 1_000));
        const seq = view.position;
        for (const purged of purges) feed.append(asFacts(purged));
        view.apply(feed.since(view.position, 1_000));
        const isHit = purges.some((purged) => purged.some((tag) => shown.includes(tag)));
        expect(isValid({ tags: shown, seq, storedAtMs: 0 }, view, 1)).toBe(!isHit);
      }),
    );
  });

  it("keeps no more purges than it may, by treating older pages as purged", ({ expect }) => {
    const feed = new FeedModel();
    const view = new EdgeView(10);
    view.apply(feed.since(0, 1_000));
    const seq = view.position;
    const values = Array.from({ length: 25 }, (_, index) => `product:p${index}`);
    feed.append(asFacts(values));
    view.apply(feed.since(view.position, 1_000));
    expect(view.purgeCount).toBe(10);
    expect(isValid({ tags: ["product:unrelated"], seq, storedAtMs: 0 }, view, 1)).toBe(false);
    const newer = { tags: ["product:unrelated"], seq: view.floor, storedAtMs: 0 };
    expect(isValid(newer, view, 1)).toBe(true);
  });

  it("takes overlapping answers in any order", ({ expect }) => {
    const feed = new FeedModel();
    const view = new EdgeView();
    view.apply(feed.since(0, 10));
    feed.append([{ kind: "block", value: "203.0.113.9" }]);
    const older = feed.since(view.position, 10);
    feed.append([{ kind: "unblock", value: "203.0.113.9" }]);
    view.apply(feed.since(view.position, 10));
    view.apply(older);
    expect(view.isBlocked(visitor("203.0.113.9"), 1)).toBe(false);
    expect(view.position).toBe(feed.position);
  });

  it("knows blocks, revocations and flags until they end or are undone", ({ expect }) => {
    const feed = new FeedModel();
    const view = new EdgeView();
    feed.append([
      { kind: "block", value: "203.0.113.9", untilMs: 500 },
      { kind: "revoke", value: "tok_1" },
      { kind: "flag", value: "express", data: "on" },
    ]);
    view.apply(feed.since(0, 10));
    const blocked = (nowMs: number) => view.isBlocked(visitor("203.0.113.9"), nowMs);
    expect([view.hasBlocks, blocked(499), blocked(500)]).toEqual([true, true, false]);
    expect([view.revocation("tok_1", 1), view.flag("express", 1)]).toEqual(["", "on"]);
    feed.append([
      { kind: "unrevoke", value: "tok_1" },
      { kind: "unflag", value: "express" },
    ]);
    view.apply(feed.since(view.position, 10));
    expect([view.revocation("tok_1", 1), view.flag("express", 1)]).toEqual([undefined, undefined]);
  });
});

describe("an edge reader", () => {
  const world = () => {
    const feed = new FeedModel();
    let nowMs = 100_000;
    const reader = new EdgeReader({ nowMs: () => nowMs });
    let reads = 0;
    const read = async (position: number) => {
      reads += 1;
      return feed.since(position, 3);
    };
    const pass = (ms: number) => {
      nowMs += ms;
    };
    const refresh = (from = read) => reader.refresh(from, () => {});
    const state = () => reader.state(nowMs);
    return { feed, reader, read, refresh, pass, state, nowMs: () => nowMs, reads: () => reads };
  };
  const down = async (): Promise<never> => {
    throw new Error("unreachable");
  };

  it("asks once however many wait, and not at all while it is fresh", async ({ expect }) => {
    const { refresh, reads, state, pass } = world();
    expect(state()).toBe("blind");
    await Promise.all(Array.from({ length: 50 }, () => refresh()));
    expect([reads(), state()]).toEqual([1, "fresh"]);
    pass(999);
    await refresh();
    expect(reads()).toBe(1);
    pass(1);
    expect(state()).toBe("grace");
    await refresh();
    expect([reads(), state()]).toEqual([2, "fresh"]);
  });

  it("is due at half the age, and not while a poll runs", async ({ expect }) => {
    const { reader, read, refresh, pass, nowMs } = world();
    await refresh();
    pass(499);
    expect(reader.isDue(nowMs())).toBe(false);
    pass(1);
    expect(reader.isDue(nowMs())).toBe(true);
    const polled = reader.poll(read);
    expect(reader.isDue(nowMs())).toBe(false);
    await polled;
    expect(reader.isDue(nowMs())).toBe(false);
  });

  it("dates its view by when it asked, not by when it was answered", async ({ expect }) => {
    const { feed, reader, pass, state } = world();
    let answer = () => {};
    const slow = async (position: number) => {
      const delta = feed.since(position, 10);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return delta;
    };
    const polled = reader.poll(slow);
    pass(900);
    answer();
    await polled;
    expect(state()).toBe("fresh");
    pass(100);
    expect(state()).toBe("grace");
  });

  it("serves its grace when the feed is away, then nothing; and rests between tries", async ({
    expect,
  }) => {
    const { refresh, reader, pass, state, nowMs, read } = world();
    await refresh();
    pass(1_000);
    await refresh(down);
    expect([state(), reader.mayRefresh(), reader.isDue(nowMs())]).toEqual(["grace", false, false]);
    pass(500);
    expect([reader.mayRefresh(), reader.isDue(nowMs())]).toEqual([true, true]);
    pass(8_501);
    expect(state()).toBe("blind");
    await refresh(read);
    expect(state()).toBe("fresh");
  });

  it("does not wait for a poll whose request was dropped", async ({ expect }) => {
    vi.useFakeTimers();
    try {
      const { refresh, reader, pass, state, read } = world();
      const never = () => new Promise<never>(() => {});
      void reader.poll(never);
      const waiting = refresh(read);
      await vi.advanceTimersByTimeAsync(1_000);
      await waiting; // It gave up waiting; the next one asks by itself.
      pass(1_000);
      await refresh(read);
      expect(state()).toBe("fresh");
    } finally {
      vi.useRealTimers();
    }
  });

  it("starts again when the feed has forgotten what it missed, or was restored", async ({
    expect,
  }) => {
    const { feed, refresh, reader, pass } = world();
    feed.append([{ kind: "block", value: "203.0.113.9" }]);
    await refresh();
    expect(reader.view.isBlocked(visitor("203.0.113.9"), 1)).toBe(true);
    feed.append([{ kind: "unblock", value: "203.0.113.9" }, ...asFacts(TAGS)]);
    feed.truncate(2);
    pass(2_000);
    await refresh();
    expect(reader.view.isBlocked(visitor("203.0.113.9"), 1)).toBe(false);
    expect(reader.view.position).toBe(feed.position);
    const restored = new FeedModel();
    pass(2_000);
    await refresh(async (position) => restored.since(position, 10));
    expect(reader.view.position).toBe(restored.position);
  });

  it("believes no cursor of a storage that was lost, wherever the new one counts from", async ({
    expect,
  }) => {
    const { feed, refresh, reader, pass } = world();
    feed.append([{ kind: "block", value: "203.0.113.9" }]);
    await refresh();
    for (const position of [feed.position, feed.position + 5]) {
      const lost = new FeedModel();
      lost.generation = `another_${position}`;
      lost.isWhole = false;
      lost.append([{ kind: "flag", value: "express", data: "on" }]);
      lost.position = position;
      pass(2_000);
      await refresh(async (from) => lost.since(from, 10));
      expect(reader.view.isBlocked(visitor("203.0.113.9"), 1)).toBe(false);
      expect(reader.view.flag("express", 1)).toBe("on");
      expect(reader.view.isWhole).toBe(false);
      lost.isWhole = true;
      pass(2_000);
      await refresh(async (from) => lost.since(from, 10));
      expect(reader.view.isWhole).toBe(true);
    }
  });

  it("joins no halves of two storages, when one is lost while it is read", async ({ expect }) => {
    const { feed, refresh, reader } = world();
    const [lost, again] = [feed, new FeedModel()];
    again.generation = "another";
    const four = ["1", "2", "3", "4"].map(
      (end): NewFact => ({ kind: "revoke", value: `s:${end}` }),
    );
    lost.append(four);
    again.append([...four, { kind: "unrevoke", value: "s:1" }]);
    let reads = 0;
    await refresh(async (position) => {
      reads += 1;
      return (reads === 1 ? lost : again).since(position, 2);
    });
    expect(reader.view.generation).toBe("another");
    expect(reader.view.revocation("s:1", 1)).toBeUndefined();
    expect(reader.view.revocation("s:4", 1)).toBe("");
  });
});
