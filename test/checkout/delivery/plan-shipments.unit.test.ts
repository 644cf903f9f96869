import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type DeliveryFacts,
  planShipments,
  type ShipmentPart,
  STANDARD_DELIVERY,
} from "../../../src/checkout/delivery/plan-shipments.ts";
import { Sku } from "../../../src/shared/ids.ts";
import { money } from "../../../src/shared/money.ts";
import { delivery, lines, PORTLAND, place, stocked } from "./scene.ts";

const shown = (parts: readonly ShipmentPart[]) =>
  parts.map(({ location, lines: part }) => [
    location?.code ?? null,
    Object.fromEntries(part.map(({ sku, quantity }) => [sku, quantity])),
  ]);

const planned = (wanted: Record<string, number>, facts: DeliveryFacts) => {
  const { parts, problems } = planShipments(lines(wanted), facts, PORTLAND);
  return { parts: shown(parts), problems };
};

describe("a standard cart", () => {
  it("is one shipment from wherever it is packed", () => {
    expect(planned({ A: 2, B: 1 }, STANDARD_DELIVERY)).toEqual({
      parts: [[null, { A: 2, B: 1 }]],
      problems: [],
    });
  });
});

describe("a hyperlocal cart", () => {
  const localDelivery = { priceMinor: 300, freeFromMinor: null };
  const corner = place("corner", { postalPrefixes: ["97201"], localDelivery });
  const town = place("town", { postalPrefixes: ["972"], pickup: { priceMinor: 0 } });

  it("comes whole from the nearest location that has all of it", () => {
    const stock = stocked({ A: { corner: 5, town: 5 }, B: { corner: 0, town: 1 } });
    const facts = delivery("hyperlocal", [town, corner], stock);
    expect(planned({ A: 1 }, facts).parts).toEqual([["corner", { A: 1 }]]);
    expect(planned({ A: 1, B: 1 }, facts)).toEqual({
      parts: [["town", { A: 1, B: 1 }]],
      problems: [],
    });
  });

  it("says what the nearest location is short of where none has all", () => {
    const stock = stocked({ A: { corner: 5, town: 1 }, B: { corner: 1, town: 9 } });
    const facts = delivery("hyperlocal", [corner, town], stock);
    expect(planned({ A: 2, B: 2 }, facts)).toEqual({
      parts: [["corner", { A: 2, B: 2 }]],
      problems: [{ code: "insufficient_stock", sku: "B", location: "corner", was: 2, now: 1 }],
    });
  });

  it("names the problem where no location serves the postal code", () => {
    const far = place("far", { postalPrefixes: ["100"], localDelivery });
    const parcelsOnly = place("parcels", { postalPrefixes: ["97201"] });
    const retired = { ...corner, active: false };
    const facts = delivery("hyperlocal", [far, parcelsOnly, retired], stocked({ A: { far: 9 } }));
    expect(planned({ A: 1 }, facts)).toEqual({
      parts: [[null, { A: 1 }]],
      problems: [{ code: "location_unavailable" }],
    });
  });

  it("goes by the cart's postal code, and by the address's where the cart has none", () => {
    const east = place("east", { postalPrefixes: ["100"], localDelivery });
    const stock = stocked({ A: { east: 1, corner: 1 } });
    const facts = delivery("hyperlocal", [corner, east], stock);
    expect(planned({ A: 1 }, facts).parts).toEqual([["corner", { A: 1 }]]);
    expect(planned({ A: 1 }, { ...facts, postalCode: "10001" }).parts).toEqual([
      ["east", { A: 1 }],
    ]);
  });
});

describe("a split cart", () => {
  const [east, west] = [place("east"), place("west", { postalPrefixes: ["9"] })];
  const main = place("default");

  it("is as few shipments as a greedy choice finds, the nearer of two equals first", () => {
    const stock = stocked({ A: { east: 2, west: 2 }, B: { east: 3 }, C: { west: 1 } });
    const facts = delivery("split", [east, west, main], stock);
    expect(planned({ A: 2, B: 3, C: 1 }, facts)).toEqual({
      parts: [
        ["east", { A: 2, B: 3 }],
        ["west", { C: 1 }],
      ],
      problems: [],
    });
    expect(planned({ A: 2 }, facts).parts).toEqual([["west", { A: 2 }]]);
    expect(planned({ A: 4 }, facts).parts).toEqual([
      ["west", { A: 2 }],
      ["east", { A: 2 }],
    ]);
  });

  it("owes the rest at the default location where the SKU may be back-ordered, else says so", () => {
    const stock = stocked({ A: { east: 1 }, B: { east: 1 } }, ["A"]);
    const { parts, problems } = planned({ A: 3, B: 2 }, delivery("split", [east, main], stock));
    expect(parts).toEqual([
      ["east", { A: 1, B: 2 }],
      ["default", { A: 2 }],
    ]);
    expect(problems).toEqual([{ code: "insufficient_stock", sku: "B", was: 2, now: 1 }]);
  });

  it("asks no location that is retired or sends no parcels", () => {
    const counter = place("counter", { ships: false });
    const closed = place("closed", { active: false });
    const stock = stocked({ A: { counter: 9, closed: 9, east: 1 } });
    const facts = delivery("split", [counter, closed, east], stock);
    expect(planned({ A: 1 }, facts).parts).toEqual([["east", { A: 1 }]]);
  });

  it("keeps to what was agreed, whatever the stock says since", () => {
    const agreed = [
      {
        id: "shp_1",
        location: { code: "west", name: "WEST" },
        lines: [{ lineId: lines({ A: 1 })[0]!.lineId, quantity: 1 }],
        shipping: money(0, "USD"),
      },
    ];
    const facts = { ...delivery("split", [east, west], stocked({ A: { east: 9 } })), agreed };
    expect(planned({ A: 1 }, facts).parts).toEqual([["west", { A: 1 }]]);
    const retired = { ...facts, locations: [east] };
    expect(planned({ A: 1 }, retired).parts).toEqual([[null, { A: 1 }]]);
  });

  it("puts every unit into exactly one shipment, and never more than lies there", () => {
    const counts = fc.nat({ max: 6 });
    const shelves = fc.record({ east: counts, west: counts, default: counts });
    fc.assert(
      fc.property(
        fc.record({ A: fc.integer({ min: 1, max: 8 }), B: fc.integer({ min: 1, max: 8 }) }),
        fc.record({ A: shelves, B: shelves }),
        fc.subarray(["A", "B"]),
        (wanted, stock, backorder) => {
          const facts = delivery("split", [east, west, main], stocked(stock, backorder));
          const { parts, problems } = planShipments(lines(wanted), facts, PORTLAND);
          for (const [sku, quantity] of Object.entries(wanted)) {
            const units = parts.flatMap((part) => part.lines.filter((line) => line.sku === sku));
            expect(units.reduce((sum, line) => sum + line.quantity, 0)).toBe(quantity);
            const there = Object.values(stock[sku as "A"]).reduce((sum, n) => sum + n, 0);
            const short = problems.some((problem) => problem.sku === sku);
            expect(short).toBe(there < quantity && !backorder.includes(sku));
            if (short) continue;
            for (const part of parts) {
              const line = part.lines.find((each) => each.sku === sku);
              const code = part.location!.code as "east";
              if (code === ("default" as string) && backorder.includes(sku)) continue;
              expect(line?.quantity ?? 0).toBeLessThanOrEqual(stock[sku as "A"][code]);
            }
          }
          expect(new Set(parts.map(({ location }) => location?.code)).size).toBe(parts.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("shares what lies somewhere between two lines of one SKU", () => {
    const [first] = lines({ A: 2 });
    const second = { ...first!, lineId: lines({ X: 1, A: 1 })[1]!.lineId, sku: Sku.parse("A") };
    const stock = stocked({ A: { east: 3, west: 1 } });
    const facts = delivery("split", [east, west], stock);
    const { parts, problems } = planShipments([first!, second], facts, PORTLAND);
    expect(problems).toEqual([]);
    expect(shown(parts)).toEqual([
      ["east", { A: 1 }],
      ["west", { A: 1 }],
    ]);
    expect(parts[0]!.lines.map(({ quantity }) => quantity)).toEqual([2, 1]);
  });
});
