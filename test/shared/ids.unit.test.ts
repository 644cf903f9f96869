import fc from "fast-check";
import { describe, it } from "vitest";
import { canonicalJson, hmacToken, sameText, sha256Hex } from "../../src/shared/digest.ts";
import { encodeBase32, newId, OrderId, randomSuffix, Sku } from "../../src/shared/ids.ts";

describe("ids", () => {
  it("carry 128 random bits in an alphabet that survives being read aloud", ({ expect }) => {
    const suffixes = Array.from({ length: 1_000 }, randomSuffix);
    expect(new Set(suffixes).size).toBe(1_000);
    for (const suffix of suffixes) expect(suffix).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
    expect(newId(OrderId, "ord")).toMatch(/^ord_/);
    expect(() => newId(OrderId, "crt")).toThrow();
  });

  it("differ when their bytes do, at any length", () => {
    const bytes = fc.uint8Array({ minLength: 5, maxLength: 20 });
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
        const other = one.slice();
        other[at % one.length]! ^= flip;
        return encodeBase32(one) !== encodeBase32(other);
      }),
      { seed: 5, numRuns: 2_000 },
    );
  });

  it.for(["", " A", "A ", "A\n", "ä", "x".repeat(65), "a\u0000b"])(
    "a SKU is never %j",
    (text, { expect }) => {
      expect(Sku.safeParse(text).success).toBe(false);
    },
  );

  it.for(["A", "a b", "MUG-01/BLÜE".replace("Ü", "U"), "'; DROP TABLE--", "x".repeat(64)])(
    "a SKU may be %j",
    (text, { expect }) => {
      expect(Sku.safeParse(text).success).toBe(true);
    },
  );
});

describe("digests", () => {
  it("are the standard's", async ({ expect }) => {
    expect(await sha256Hex("abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    const token = await hmacToken("key", "The quick brown fox jumps over the lazy dog");
    expect(Buffer.from(token, "base64url").toString("hex")).toBe(
      "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
    );
  });

  it("compare as texts do", () => {
    const text = fc.string({ unit: "binary", maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const encoder = new TextEncoder();
        const equal = Buffer.compare(encoder.encode(a), encoder.encode(b)) === 0;
        return sameText(a, b) === equal && sameText(a, a);
      }),
      { seed: 6, numRuns: 3_000 },
    );
  });

  it("do not see the order of keys, and see everything else", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        return canonicalJson(value) === canonicalJson(reversed);
      }),
      { seed: 7, numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [one, other] = [a, b].map((each) => JSON.parse(canonicalJson(each)));
        const same = JSON.stringify(one) === JSON.stringify(other);
        return (canonicalJson(a) === canonicalJson(b)) === same;
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});
