import fc from "fast-check";
import { describe, it } from "vitest";
import { memoryBytes, type PageEntry } from "../../../src/platform/pages/entry.ts";
import { MemoryLayer } from "../../../src/platform/pages/memory-layer.ts";
import { isUnpurged, type KnownPurges } from "../../../src/platform/pages/validity.ts";

const NOW_MS = 10_000;

const entry = (overrides: Partial<PageEntry> = {}): PageEntry => ({
  body: "x".repeat(100),
  contentType: "application/json",
  etag: '"e"',
  tags: ["product:a"],
  seq: 5,
  storedAtMs: NOW_MS,
  ...overrides,
});

/** A view that can be watched: how often anyone asked it about a tag. */
function watchedView(purges: Record<string, number> = {}) {
  const seen = { lookups: 0 };
  const view: KnownPurges = {
    floor: 0,
    get newestPurge() {
      return Math.max(0, ...Object.values(purges));
    },
    purgedAll: undefined,
    purgeOf(tag) {
      seen.lookups += 1;
      const sequence = purges[tag];
      return sequence === undefined ? undefined : { sequence, atMs: 0 };
    },
  };
  return { view, seen, purges };
}

describe("the memory layer", () => {
  it("never holds more bytes than it may, whatever is stored", ({ expect }) => {
    const stored = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 3_000 })),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(stored, (stores) => {
        const memory = new MemoryLayer(40_000);
        const newest = new Map<string, number>();
        for (const [name, size] of stores) {
          const page = entry({ body: "y".repeat(size) });
          if (memory.set(`k${name}`, page, NOW_MS)) newest.set(`k${name}`, size);
          expect(memory.bytes).toBeLessThanOrEqual(40_000);
        }
        const held = [...newest].filter(([key]) => memory.peek(key));
        const weight = held.reduce(
          (sum, [key, size]) => sum + memoryBytes(key, entry({ body: "y".repeat(size) })),
          0,
        );
        expect([memory.size, memory.bytes]).toEqual([held.length, weight]);
      }),
    );
  });

  it("lets go of what was least lately used", ({ expect }) => {
    const { view } = watchedView();
    const weight = memoryBytes("a", entry());
    const memory = new MemoryLayer(weight * 10);
    const keys = [..."abcdefghij"];
    for (const key of keys) memory.set(key, entry(), NOW_MS);
    memory.get("a", view, NOW_MS + 2_000);
    memory.set("k", entry(), NOW_MS + 2_000);
    expect([memory.peek("a") !== undefined, memory.peek("b")]).toEqual([true, undefined]);
  });

  it("refuses one page that would push out the others", ({ expect }) => {
    const memory = new MemoryLayer(40_000);
    memory.set("small", entry(), NOW_MS);
    expect(memory.set("large", entry({ body: "z".repeat(20_000) }), NOW_MS)).toBeUndefined();
    expect([memory.size, memory.peek("small") !== undefined]).toEqual([1, true]);
  });

  it("looks at tags only when something was purged since it last did", ({ expect }) => {
    const { view, seen, purges } = watchedView();
    const memory = new MemoryLayer();
    memory.set("k", entry(), NOW_MS);
    for (let asked = 0; asked < 10; asked += 1) memory.get("k", view, NOW_MS);
    expect(seen.lookups).toBe(0);
    purges["product:b"] = 9;
    for (let asked = 0; asked < 10; asked += 1) expect(memory.get("k", view, NOW_MS)).toBeDefined();
    expect(seen.lookups).toBe(1);
    purges["product:a"] = 10;
    expect(memory.get("k", view, NOW_MS)).toBeUndefined();
    expect(isUnpurged(memory.peek("k")!.entry, view)).toBe(false);
  });
});
