import { describe, it } from "vitest";
import { planForward } from "../../../src/platform/edge/forward.ts";
import {
  type PlatformCache,
  PurgeForwarder,
  platformCache,
} from "../../../src/platform/edge/forward-purges.ts";

const purges = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    sequence: index + 1,
    kind: "purge",
    value: `product:p${index}`,
  }));

describe("planForward", () => {
  it("sends nothing when nothing waits, and at most a hundred tags", ({ expect }) => {
    expect(planForward([])).toBeUndefined();
    expect(planForward(purges(3))).toMatchObject({ upTo: 3, forward: { tags: { length: 3 } } });
    expect(planForward(purges(180))).toMatchObject({
      upTo: 100,
      forward: { tags: { length: 100 } },
    });
  });

  it("purges everything once when the tags would take longer than a minute", ({ expect }) => {
    expect(planForward(purges(501))).toEqual({ forward: { purgeEverything: true }, upTo: 501 });
    const all = [...purges(2), { sequence: 3, kind: "purge_all", value: "" }];
    expect(planForward(all)).toEqual({ forward: { purgeEverything: true }, upTo: 3 });
  });
});

describe("PurgeForwarder", () => {
  const platform = () => {
    const calls: unknown[] = [];
    const cache: PlatformCache = {
      purge: async (options) => {
        calls.push(options);
        return { success: true, errors: [] };
      },
    };
    return { cache, calls };
  };

  it("forwards what it is handed, and asks again only for newer purges", async ({ expect }) => {
    const { cache, calls } = platform();
    const forwarder = new PurgeForwarder();
    expect(forwarder.isDue(0, 0)).toBe(false);
    expect(forwarder.isDue(7, 0)).toBe(true);
    const forward = { tags: ["product:a"] };
    await forwarder.forward(cache, async () => ({ forward, waiting: false }), 7, 0);
    expect(calls).toEqual([forward]);
    expect([forwarder.isDue(7, 60_000), forwarder.isDue(8, 60_000)]).toEqual([false, true]);
  });

  it("asks again, after a rest, for what had to wait or went wrong", async ({ expect }) => {
    const { cache, calls } = platform();
    const forwarder = new PurgeForwarder();
    await forwarder.forward(cache, async () => ({ forward: undefined, waiting: true }), 7, 0);
    expect([forwarder.isDue(7, 1_999), forwarder.isDue(7, 2_000)]).toEqual([false, true]);
    const broken: PlatformCache = { purge: () => Promise.reject(new Error("429")) };
    const forward = { tags: ["product:a"] };
    await forwarder.forward(broken, async () => ({ forward, waiting: false }), 7, 2_000);
    expect(forwarder.isDue(7, 4_000)).toBe(true);
    expect(calls).toEqual([]);
  });

  it("is off where the platform has no cache of its own", ({ expect }) => {
    expect(platformCache({})).toBeUndefined();
    expect(platformCache({ cache: {} as CacheContext })).toBeUndefined();
    const { cache } = platform();
    expect(platformCache({ cache: cache as CacheContext })).toBe(cache);
  });
});
