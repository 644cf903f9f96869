import fc from "fast-check";
import { describe, it } from "vitest";
import {
  eventIdFor,
  opensOrder,
  orderIdFor,
  orderNumber,
  orderToken,
} from "../../src/orders/index.ts";
import { returnIdFor } from "../../src/orders/order-id.ts";
import { CheckoutId, newId, OrderId } from "../../src/shared/ids.ts";
import { newOrderId } from "./placed-order.ts";

describe("orderIdFor", () => {
  it("derives one order from one checkout and does not show the checkout", async ({ expect }) => {
    const checkoutId = newId(CheckoutId, "chk");
    const orderId = await orderIdFor(checkoutId);
    expect(await orderIdFor(checkoutId)).toBe(orderId);
    expect(orderId).toMatch(/^ord_[0-9a-z]{26}$/);
    expect(orderId).not.toContain(checkoutId.slice(4));
    expect(await orderIdFor(newId(CheckoutId, "chk"))).not.toBe(orderId);
  });
});

describe("eventIdFor", () => {
  it("names each place in each stream differently", ({ expect }) => {
    const suffix = fc.stringMatching(/^[0-9a-z]{1,26}$/);
    const place = fc.tuple(suffix, fc.integer({ min: 1, max: 999_999 }));
    fc.assert(
      fc.property(place, place, ([a, i], [b, j]) => {
        const same = a === b && i === j;
        const [left, right] = [a, b].map((text) => OrderId.parse(`ord_${text}`)) as [
          OrderId,
          OrderId,
        ];
        expect(eventIdFor(left, i) === eventIdFor(right, j)).toBe(same);
      }),
    );
    const [short, long] = [OrderId.parse("ord_a"), OrderId.parse("ord_a1")];
    expect(eventIdFor(short, 11)).not.toBe(eventIdFor(long, 1));
  });
});

describe("orderNumber", () => {
  it("reads well, spells nothing, and differs between orders", ({ expect }) => {
    const numbers = Array.from({ length: 2_000 }, () => orderNumber(newOrderId()));
    for (const number of numbers) {
      expect(number).toMatch(/^F(-[2-9BCDFGHJKMNPQRSTVWXYZ]{4}){3}$/);
    }
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("is stable: the number of an order that was placed long ago is still its number", ({
    expect,
  }) => {
    expect(orderNumber(OrderId.parse("ord_0123456789abcdefghjkmnpqrs"))).toBe("F-65PQ-3KJ6-59ZV");
  });

  it("uses every sign in every place", ({ expect }) => {
    const numbers = Array.from({ length: 3_000 }, () =>
      orderNumber(newOrderId()).replaceAll("-", ""),
    );
    for (let place = 1; place <= 12; place += 1) {
      expect(new Set(numbers.map((number) => number[place])).size).toBe(28);
    }
  });
});

describe("orderToken", () => {
  const secret = "s".repeat(32);

  it("opens its own order only, under its own secret only", async ({ expect }) => {
    const [mine, other] = [newOrderId(), newOrderId()];
    const token = await orderToken(secret, mine);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(await opensOrder(secret, mine, token)).toBe(true);
    expect(await opensOrder(secret, other, token)).toBe(false);
    expect(await opensOrder("t".repeat(32), mine, token)).toBe(false);
    for (const wrong of [undefined, "", token.slice(1), `${token}x`, token.toLowerCase()]) {
      expect(await opensOrder(secret, mine, wrong)).toBe(false);
    }
  });
});

describe("returnIdFor", () => {
  it("is one per order and request", async ({ expect }) => {
    const orderId = newOrderId();
    const ids = await Promise.all([
      returnIdFor(orderId, "a"),
      returnIdFor(orderId, "b"),
      returnIdFor(newOrderId(), "a"),
    ]);
    expect(new Set(ids).size).toBe(3);
    expect(await returnIdFor(orderId, "a")).toBe(ids[0]);
  });
});
