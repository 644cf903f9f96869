import fc from "fast-check";
import { describe, it } from "vitest";
import { isStorableJson, isStorableText } from "../../src/content/storable.ts";

describe("isStorableText", () => {
  it("refuses NUL and halves of surrogate pairs, and nothing else", ({ expect }) => {
    for (const text of ["", "a\n\t", "💩", "\u0001", "\uffff"]) {
      expect(isStorableText(text)).toBe(true);
    }
    for (const text of ["\0", "a\0b", "\ud83d", "\udca9\ud83d"]) {
      expect(isStorableText(text)).toBe(false);
    }
  });
});

describe("isStorableJson", () => {
  it("finds what cannot be stored wherever it stands", ({ expect }) => {
    const nest = (value: unknown, path: readonly boolean[]): unknown =>
      path.reduce<unknown>((inner, isList) => (isList ? [1, inner] : { a: 1, b: inner }), value);
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 20 }), (path) => {
        expect(isStorableJson(nest("fine", path), 1_000)).toBe(true);
        expect(isStorableJson(nest("\0", path), 1_000)).toBe(false);
        expect(isStorableJson(nest({ "\ud800": 1 }, path), 1_000)).toBe(false);
      }),
    );
  });

  it("counts what a value takes, from within a small factor of its JSON", ({ expect }) => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { length } = JSON.stringify(value);
        expect(isStorableJson(value, 2 * length + 2)).toBe(
          isStorableJson(value, Number.POSITIVE_INFINITY),
        );
      }),
    );
    expect(isStorableJson({ text: "x".repeat(100) }, 100)).toBe(false);
    expect(isStorableJson(Array(100).fill(12_345), 500)).toBe(false);
  });

  it("survives any depth", ({ expect }) => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 50_000; depth += 1) deep = [deep];
    expect(isStorableJson(deep, 1_000)).toBe(false);
    expect(isStorableJson(deep, 200_000)).toBe(true);
  });
});
