import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Placed, quoteOf } from "./quotes.ts";

const east: Placed = { code: "east", stock: 5 };
const local: Placed = {
  code: "corner",
  stock: 9,
  postalPrefixes: ["972"],
  localDelivery: { priceMinor: 300, freeFromMinor: 5_000 },
  pickup: { priceMinor: 0 },
};
const methods = (...wanted: Parameters<typeof quoteOf>) =>
  quoteOf(...wanted).shippingMethods.map(({ code, price }) => [code, price.amount]);

describe("the shipments of a split quote", () => {
  it("are priced by their own weight, and their prices add up to the shipping", () => {
    const heavy = {
      mode: "split",
      quantity: 8,
      grams: 3_000,
      places: [east, { code: "default", stock: 9 }],
    } as const;
    const { quote, shippingMethods } = quoteOf(heavy);
    // 24 kg in one parcel would cost 14.99; here 15 kg and 9 kg.
    expect(
      quote.shipments.map(({ location, shipping }) => [location?.code, shipping.amount]),
    ).toEqual([["default", 1_499]]);
    const apart = quoteOf({ ...heavy, places: [east, { code: "default", stock: 3 }] });
    expect(
      apart.quote.shipments.map(({ id, location, lines, shipping }) => [
        id,
        location?.code,
        lines[0]?.quantity,
        shipping.amount,
      ]),
    ).toEqual([
      ["shp_1", "east", 5, 1_499],
      ["shp_2", "default", 3, 499],
    ]);
    expect(apart.quote.totals.shipping.amount).toBe(1_998);
    expect(apart.shippingMethods[0]).toMatchObject({
      code: "standard",
      price: { amount: 1_998 },
      shipments: [
        { id: "shp_1", price: { amount: 1_499 } },
        { id: "shp_2", price: { amount: 499 } },
      ],
    });
    expect(shippingMethods[0]?.shipments).toHaveLength(1);
  });

  it("are free from the worth of the whole order", () => {
    const places = [east, { code: "default", stock: 3 }];
    const worthy = quoteOf({ mode: "split", quantity: 8, priceMinor: 1_000, places });
    expect(worthy.quote.totals.shipping.amount).toBe(0);
  });

  it("add up with everything else, whatever lies where", () => {
    const stock = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(
        stock,
        stock,
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 9_999 }),
        (a, b, quantity, priceMinor) => {
          const places = [
            { code: "east", stock: a },
            { code: "default", stock: b },
          ];
          const { quote } = quoteOf({ mode: "split", quantity, priceMinor, grams: 2_500, places });
          const { subtotal, shipping, tax, total } = quote.totals;
          const parts = quote.shipments.map((shipment) => shipment.shipping.amount);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(shipping.amount);
          expect(subtotal.amount + shipping.amount + tax.amount).toBe(total.amount);
          const units = quote.shipments.flatMap(({ lines }) => lines);
          expect(units.reduce((sum, line) => sum + line.quantity, 0)).toBe(quantity);
        },
      ),
    );
  });
});

describe("the methods of a hyperlocal quote", () => {
  it("are delivery, free from a worth, and pickup, at the location's own prices", () => {
    expect(methods({ mode: "hyperlocal", places: [local] })).toEqual([
      ["local_delivery", 300],
      ["pickup", 0],
    ]);
    expect(
      methods({ mode: "hyperlocal", quantity: 3, priceMinor: 2_000, places: [local] }),
    ).toEqual([
      ["local_delivery", 0],
      ["pickup", 0],
    ]);
  });

  it("deliver only to an address that the location serves", () => {
    const near = { mode: "hyperlocal", postalCode: "97201", places: [local] } as const;
    expect(methods({ ...near, address: "10001" })).toEqual([["pickup", 0]]);
    const noCounter = [{ ...local, pickup: null }];
    const { problems } = quoteOf({ ...near, address: "10001", places: noCounter });
    expect(problems).toContainEqual({ code: "shipping_unavailable" });
  });

  it("need no shipping where the goods need none", () => {
    const gift = { mode: "hyperlocal", requiresShipping: false, places: [local] } as const;
    expect(methods(gift)).toEqual([["none", 0]]);
  });
});
