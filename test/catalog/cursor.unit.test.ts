import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cursorScope, decodeCursor, encodeCursor } from "../../src/catalog/cursor.ts";

const key = fc.oneof(fc.string({ unit: "grapheme", maxLength: 255 }), fc.maxSafeInteger());

describe("cursors", () => {
  it("come back as they were, as text that needs no escaping in a URL", async () => {
    const scope = await cursorScope(["products", "title", {}]);
    fc.assert(
      fc.property(key, fc.stringMatching(/^prd_[0-9a-z]{1,36}$/), (key, id) => {
        const cursor = encodeCursor(scope, { key, id });
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeCursor(scope, cursor, typeof key as "string")).toEqual({ key, id });
      }),
    );
  });

  it("mean nothing in another list or under another sort's kind of key", async () => {
    const [one, other] = await Promise.all([
      cursorScope(["products", "price", { vendor: "a" }]),
      cursorScope(["products", "price", { vendor: "b" }]),
    ]);
    const cursor = encodeCursor(one, { key: 5, id: "prd_1" });
    expect(decodeCursor(other, cursor, "number")).toBeUndefined();
    expect(decodeCursor(one, cursor, "string")).toBeUndefined();
    expect(decodeCursor(one, cursor, "number")).toEqual({ key: 5, id: "prd_1" });
  });

  it("do not care in which order filters are named, or whether an absent one is spelled out", async () => {
    const scopes = await Promise.all([
      cursorScope({ vendor: "a", tag: "b" }),
      cursorScope({ tag: "b", vendor: "a", type: undefined }),
    ]);
    expect(scopes[0]).toBe(scopes[1]);
  });

  it("are undefined for anything else", async () => {
    const scope = await cursorScope([]);
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeCursor(scope, text, "string")).toBeUndefined();
      }),
    );
    const forged = btoa(JSON.stringify([scope, Number.MAX_VALUE, "prd_1"]));
    expect(decodeCursor(scope, forged, "number")).toBeUndefined();
  });
});
