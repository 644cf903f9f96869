import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveSku, slug } from "../../../src/catalog/import/slug.ts";
import { Sku } from "../../../src/shared/ids.ts";

describe("deriveSku", () => {
  it("reads as handle and options", () => {
    expect(deriveSku("ocean-blue-shirt", [])).toBe("ocean-blue-shirt");
    expect(deriveSku("classic-varsity-top", ["Small"])).toBe("classic-varsity-top-small");
    expect(deriveSku("tee", ["XL / Tall", "Grün"])).toBe("tee-xl-tall-grun");
  });

  it("is a valid SKU for any text, and differs where only the far end does", () => {
    const text = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 3 }), (handle, options) => {
        expect(Sku.safeParse(deriveSku(handle, options)).success).toBe(true);
      }),
    );
    const long = "x".repeat(80);
    expect(deriveSku(long, ["a"])).not.toBe(deriveSku(long, ["b"]));
    expect(deriveSku("茶", ["红"])).not.toBe(deriveSku("茶", ["绿"]));
  });
});

describe("slug", () => {
  it("leaves a slug as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(slug(slug(text))).toBe(slug(text));
        expect(slug(text)).toMatch(/^(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$/);
      }),
    );
  });
});
