import fc from "fast-check";
import { describe, it } from "vitest";
import {
  decodeEntry,
  encodeEntry,
  memoryBytes,
  type PageEntry,
} from "../../../src/platform/pages/entry.ts";

const entry: PageEntry = {
  body: '{"title":"Éclair tin"}',
  contentType: "application/json",
  etag: '"0123456789abcdef0123456789abcdef"',
  tags: ["product:a", "page:0123"],
  seq: 1_795_219_096_184,
  storedAtMs: 1_795_219_096_300,
};

describe("an entry's bytes", () => {
  it("bring it back whole, whatever its text", ({ expect }) => {
    const texts = fc.string({ unit: "grapheme", maxLength: 200 });
    fc.assert(
      fc.property(texts, fc.array(fc.string()), fc.option(fc.nat()), (body, tags, end) => {
        const own = { ...entry, body, tags, ...(end === null ? {} : { validUntilMs: end }) };
        expect(decodeEntry(encodeEntry(own).buffer)).toEqual(own);
      }),
    );
  });

  it("of another writer, or cut short, count as nothing", ({ expect }) => {
    const good = encodeEntry(entry);
    const cut = Array.from({ length: 12 }, (_, index) => good.slice(0, index * 8).buffer);
    for (const buffer of cut) expect(decodeEntry(buffer)).toBeUndefined();
    const newer = new TextDecoder().decode(good).replace('"version":1', '"version":9');
    expect(decodeEntry(new TextEncoder().encode(newer).buffer as ArrayBuffer)).toBeUndefined();
    const huge = good.slice();
    new DataView(huge.buffer).setUint32(0, 0xffff_ffff);
    expect(decodeEntry(huge.buffer)).toBeUndefined();
  });
});

describe("an entry's weight", () => {
  it("counts body, key and tags, and wide text double", ({ expect }) => {
    const weight = memoryBytes("key", entry);
    expect(memoryBytes("key", { ...entry, body: `${entry.body}${"x".repeat(1_000)}` })).toBe(
      weight + 1_000,
    );
    expect(memoryBytes("key".repeat(10), entry)).toBe(weight + 27);
    expect(memoryBytes("key", { ...entry, tags: [...entry.tags, "product:b"] })).toBeGreaterThan(
      weight + 9,
    );
    const wide = { ...entry, body: "日".repeat(entry.body.length) };
    expect(memoryBytes("key", wide)).toBe(weight + entry.body.length);
  });
});
