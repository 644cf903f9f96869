import fc from "fast-check";
import { describe, it } from "vitest";
import { isTag, tagValue } from "../../../src/platform/edge/facts.ts";
import { WritePace } from "../../../src/platform/pages/global-layer.ts";
import { pageDigest, pageKey, pageTag } from "../../../src/platform/pages/page-key.ts";
import { UrlMemo } from "../../../src/platform/pages/url-memo.ts";

const MARKET = { currency: "USD", locale: "en" };
const params = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()), {
  noNullPrototype: true,
});

describe("a page's key", () => {
  it("does not depend on the order of its parameters, nor on absent ones", ({ expect }) => {
    fc.assert(
      fc.property(params, (own) => {
        const turned = Object.fromEntries(Object.entries(own).reverse());
        const key = pageKey("list", own, MARKET);
        expect(pageKey("list", turned, MARKET)).toBe(key);
        expect(pageKey("list", { ...own, "absent ": undefined }, MARKET)).toBe(key);
      }),
    );
  });

  it("differs whenever a name or a value does", ({ expect }) => {
    fc.assert(
      fc.property(params, params, (left, right) => {
        const texts = (own: typeof left) =>
          JSON.stringify(
            Object.keys(own)
              .sort()
              .map((name) => [name, String(own[name])]),
          );
        const isSame = pageKey("list", left, MARKET) === pageKey("list", right, MARKET);
        expect(isSame).toBe(texts(left) === texts(right));
      }),
    );
    const cloaked = pageKey("list", { tag: "a&vendor=b" }, MARKET);
    expect(cloaked).not.toBe(pageKey("list", { tag: "a", vendor: "b" }, MARKET));
    expect(pageKey("a", {}, MARKET)).not.toBe(pageKey("b", {}, MARKET));
  });

  it("holds the market in one spelling", ({ expect }) => {
    const key = (currency: string, locale: string) => pageKey("list", {}, { currency, locale });
    expect(key("usd", "EN")).toBe(key("USD", "en"));
    expect(new Set([key("USD", "en"), key("EUR", "en"), key("USD", "de")]).size).toBe(3);
  });

  it("has a digest that is a tag", async ({ expect }) => {
    expect(isTag(pageTag(await pageDigest(pageKey("list", { tag: "日本,*" }, MARKET))))).toBe(true);
  });
});

describe("a tag", () => {
  it("can be made of any value", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (value) => {
        expect(isTag(`vendor:${tagValue(value)}`)).toBe(true);
      }),
    );
  });

  it.for([
    "",
    "product",
    "product:",
    ":a",
    "a,b:c",
    "product:a b",
    "product:*",
    "Product:a",
    "p:\n",
  ])("is not %j", (text, { expect }) => {
    expect(isTag(text)).toBe(false);
  });
});

describe("the memo of URLs", () => {
  it("keeps what is asked for through a flood of made-up URLs", ({ expect }) => {
    const memo = new UrlMemo(100);
    memo.remember("https://shop.test/hot", "hot");
    for (let made = 0; made < 5_000; made += 1) {
      memo.remember(`https://shop.test/hot?x=${made}`, "hot");
      if (made % 20 === 0) expect(memo.keyOf("https://shop.test/hot")).toBe("hot");
      expect(memo.size).toBeLessThanOrEqual(102);
    }
    expect(memo.keyOf("https://shop.test/hot?x=1")).toBeUndefined();
  });

  it("remembers no long URL", ({ expect }) => {
    const memo = new UrlMemo();
    const long = `https://shop.test/${"a".repeat(2_000)}`;
    memo.remember(long, "key");
    expect(memo.keyOf(long)).toBeUndefined();
  });
});

describe("the pace of writes", () => {
  it("is one a second for each key, and forgets the others", ({ expect }) => {
    const pace = new WritePace();
    expect([0, 999, 1_000, 1_500].map((nowMs) => pace.mayWrite("a", nowMs))).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(pace.mayWrite("b", 1_500)).toBe(true);
  });
});
