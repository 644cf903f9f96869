import { expect, it } from "vitest";
import { CartHints } from "../../src/cart/cart-hints.ts";
import { Sku } from "../../src/shared/ids.ts";

const none = { skus: [], coupons: [], vouchers: [] };
const some = { ...none, skus: [Sku.parse("A")], coupons: ["SAVE"] };

it("forgets the owner that was seen longest ago, and no other", () => {
  const hints = new CartHints(2);
  hints.set("one", some);
  hints.set("two", some);
  hints.set("one", none);
  hints.set("three", some);
  expect(hints.get("one")).toEqual(none);
  expect(hints.get("two")).toBeUndefined();
  expect(hints.get("three")).toEqual(some);
});

it("forgets on request", () => {
  const hints = new CartHints();
  hints.set("one", some);
  hints.forget("one");
  expect(hints.get("one")).toBeUndefined();
});
