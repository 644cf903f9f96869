import { expect, it } from "vitest";
import { SkuHints } from "../../src/cart/sku-hints.ts";
import { Sku } from "../../src/shared/ids.ts";

const skus = ["A"].map((text) => Sku.parse(text));

it("forgets the owner that was seen longest ago, and no other", () => {
  const hints = new SkuHints(2);
  hints.set("one", skus);
  hints.set("two", skus);
  hints.set("one", []);
  hints.set("three", skus);
  expect(hints.get("one")).toEqual([]);
  expect(hints.get("two")).toBeUndefined();
  expect(hints.get("three")).toEqual(skus);
});

it("forgets on request", () => {
  const hints = new SkuHints();
  hints.set("one", skus);
  hints.forget("one");
  expect(hints.get("one")).toBeUndefined();
});
