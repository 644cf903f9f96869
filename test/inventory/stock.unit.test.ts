import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_LOCATION,
  LOCATIONS_MAX,
  STOCK_MAX,
  type Take,
  type Want,
} from "../../src/inventory/model.ts";
import {
  availableAt,
  availableOf,
  balanceOf,
  move,
  planHold,
  planReturn,
  reserve,
  type Shelf,
  sell,
  unreserve,
} from "../../src/inventory/stock.ts";

const shelf = (location: string, onHand: number, held = 0): Shelf => ({ location, onHand, held });

describe("planHold", () => {
  it("takes from the default location first, then by name", () => {
    const shelves = [shelf("west", 5), shelf("east", 2), shelf(DEFAULT_LOCATION, 1)];
    expect(planHold(shelves, [{ quantity: 4 }], false)).toEqual({
      ok: true,
      value: [
        { location: DEFAULT_LOCATION, quantity: 1 },
        { location: "east", quantity: 2 },
        { location: "west", quantity: 1 },
      ],
    });
  });

  it("refuses the whole when one unit is missing, and says what there is", () => {
    expect(planHold([shelf("east", 2, 1), shelf("west", 2)], [{ quantity: 4 }], false)).toEqual({
      ok: false,
      error: { code: "insufficient_stock", available: 3 },
    });
  });

  it("owes the rest at the default location when backorders are allowed", () => {
    expect(planHold([shelf("east", 2)], [{ quantity: 5 }], true)).toEqual({
      ok: true,
      value: [
        { location: DEFAULT_LOCATION, quantity: 3 },
        { location: "east", quantity: 2 },
      ],
    });
  });

  it("promises nothing new while a debt is larger than what came in", () => {
    const indebted = [shelf(DEFAULT_LOCATION, -3), shelf("east", 2)];
    expect(planHold(indebted, [{ quantity: 1 }], false)).toMatchObject({
      ok: false,
      error: { available: 0 },
    });
  });

  it("ends backorders where sums would stop being bounded", () => {
    const indebted = [shelf(DEFAULT_LOCATION, -STOCK_MAX)];
    expect(planHold(indebted, [{ quantity: 1 }], true).ok).toBe(false);
  });
});

describe("planReturn", () => {
  const takes = fc
    .uniqueArray(fc.constantFrom(DEFAULT_LOCATION, "berlin", "paris", "rome"), { minLength: 1 })
    .chain((places) =>
      fc.tuple(
        ...places.map((location) =>
          fc.record({ location: fc.constant(location), quantity: fc.integer({ min: 1, max: 9 }) }),
        ),
      ),
    );

  it("puts every unit somewhere, and all of a sale to where it was taken from", () => {
    const returns = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 12 });
    fc.assert(
      fc.property(takes, returns, (sold, quantities) => {
        const back: Take[] = [];
        for (const quantity of quantities) {
          const parts = planReturn(sold, back, quantity);
          expect(parts.reduce((sum, part) => sum + part.quantity, 0)).toBe(quantity);
          back.push(...parts);
        }
        const at = (all: readonly Take[], location: string) =>
          all
            .filter((take) => take.location === location)
            .reduce((sum, take) => sum + take.quantity, 0);
        for (const { location, quantity } of sold) {
          if (location !== DEFAULT_LOCATION)
            expect(at(back, location)).toBeLessThanOrEqual(quantity);
        }
        const total = quantities.reduce((sum, quantity) => sum + quantity, 0);
        const all = sold.reduce((sum, { quantity }) => sum + quantity, 0);
        if (total >= all)
          for (const { location, quantity } of sold)
            expect(at(back, location)).toBeGreaterThanOrEqual(quantity);
        else expect(at(back, DEFAULT_LOCATION)).toBeLessThanOrEqual(at(sold, DEFAULT_LOCATION));
      }),
    );
  });

  it("knows nothing of a sale that the ledger does not have: the default location takes it", () => {
    const taken = [{ location: DEFAULT_LOCATION, quantity: 2 }];
    expect(planReturn([], [], 2)).toEqual(taken);
  });
});

describe("planHold with locations named", () => {
  const shelves = [shelf(DEFAULT_LOCATION, 4), shelf("east", 2), shelf("west", 5)];

  it("takes strictly from one location, or says what that one can give", () => {
    expect(planHold(shelves, [{ quantity: 2, from: { only: "east" } }], false)).toEqual({
      ok: true,
      value: [{ location: "east", quantity: 2 }],
    });
    expect(planHold(shelves, [{ quantity: 3, from: { only: "east" } }], false)).toEqual({
      ok: false,
      error: { code: "insufficient_stock", available: 2, location: "east" },
    });
    expect(planHold(shelves, [{ quantity: 1, from: { only: "north" } }], false)).toMatchObject({
      error: { available: 0, location: "north" },
    });
  });

  it("takes in the order preferred, and what is missing in the usual order", () => {
    const from = { prefer: ["east", "north", "west"] };
    expect(planHold(shelves, [{ quantity: 8, from }], false)).toEqual({
      ok: true,
      value: [
        { location: DEFAULT_LOCATION, quantity: 1 },
        { location: "east", quantity: 2 },
        { location: "west", quantity: 5 },
      ],
    });
  });

  it("leaves a location's units to the line that can come from nowhere else", () => {
    const wants: Want[] = [
      { quantity: 6, from: { prefer: ["east"] } },
      { quantity: 2, from: { only: "east" } },
    ];
    expect(planHold(shelves, wants, false)).toEqual({
      ok: true,
      value: [
        { location: DEFAULT_LOCATION, quantity: 4 },
        { location: "east", quantity: 2 },
        { location: "west", quantity: 2 },
      ],
    });
  });

  it("owes nothing at a location that cannot owe", () => {
    expect(planHold(shelves, [{ quantity: 3, from: { only: "east" } }], true).ok).toBe(false);
    const owed = planHold(shelves, [{ quantity: 6, from: { only: DEFAULT_LOCATION } }], true);
    expect(owed).toEqual({ ok: true, value: [{ location: DEFAULT_LOCATION, quantity: 6 }] });
  });

  it("counts at no location what covers a debt at another", () => {
    const indebted = [shelf(DEFAULT_LOCATION, -3), shelf("east", 2), shelf("west", 2)];
    expect(availableAt(indebted)).toEqual([
      { location: DEFAULT_LOCATION, available: 0 },
      { location: "east", available: 1 },
      { location: "west", available: 1 },
    ]);
  });
});

const wanted: fc.Arbitrary<Want> = fc.record({
  quantity: fc.integer({ min: 1, max: 6 }),
  from: fc.oneof(
    fc.record({ only: fc.constantFrom(DEFAULT_LOCATION, "east", "west") }),
    fc.record({ prefer: fc.subarray(["west", "east", "north"]) }),
  ),
});

describe("a plan over several wants", () => {
  it("takes exactly what is wanted from what is free, and refuses only what no plan could give", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(8), { minLength: 3, maxLength: 3 }),
        fc.array(wanted, { minLength: 1, maxLength: 4 }),
        ([here, east, west], wants) => {
          const shelves = [
            shelf(DEFAULT_LOCATION, here!),
            shelf("east", east!),
            shelf("west", west!),
          ];
          const planned = planHold(shelves, wants, false);
          const total = wants.reduce((sum, { quantity }) => sum + quantity, 0);
          const boundTo = (location: string) =>
            wants
              .filter(({ from }) => from && "only" in from && from.only === location)
              .reduce((sum, { quantity }) => sum + quantity, 0);
          const fits =
            total <= availableOf(shelves) &&
            shelves.every(({ location, onHand }) => boundTo(location) <= onHand);
          expect(planned.ok).toBe(fits);
          if (!planned.ok) return;
          expect(planned.value.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(total);
          for (const { location, onHand } of shelves) {
            const part = planned.value.find((take) => take.location === location)?.quantity ?? 0;
            expect(part).toBeLessThanOrEqual(onHand);
            expect(part).toBeGreaterThanOrEqual(boundTo(location));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("move", () => {
  it("refuses to take out what is held", () => {
    expect(move([shelf("east", 5, 3)], { location: "east", delta: -3 })).toEqual({
      ok: false,
      error: { code: "stock_negative", onHand: 5, held: 3 },
    });
    expect(move([shelf("east", 5, 3)], { location: "east", delta: -2 }).ok).toBe(true);
  });

  it("refuses to take out what covers a debt elsewhere", () => {
    const shelves = [shelf(DEFAULT_LOCATION, -2), shelf("east", 5)];
    expect(move(shelves, { location: "east", delta: -4 }).ok).toBe(false);
    expect(move(shelves, { location: "east", delta: -3 }).ok).toBe(true);
  });

  it("bounds what one SKU may have and where", () => {
    expect(move([shelf("east", STOCK_MAX)], { location: "west", delta: 1 })).toEqual({
      ok: false,
      error: { code: "stock_limit", max: STOCK_MAX },
    });
    const full = Array.from({ length: LOCATIONS_MAX }, (_, n) => shelf(`l${n}`, 1));
    expect(move(full, { location: "one-more", delta: 1 })).toEqual({
      ok: false,
      error: { code: "location_limit", max: LOCATIONS_MAX },
    });
  });
});

type Step =
  | { kind: "hold"; quantity: number }
  | { kind: "release" | "commit"; which: number }
  | { kind: "move"; delta: number; location: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("hold" as const), quantity: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constantFrom("release" as const, "commit" as const), which: fc.nat(20) }),
  fc.record({
    kind: fc.constant("move" as const),
    delta: fc.integer({ min: -15, max: 15 }).filter((delta) => delta !== 0),
    location: fc.constantFrom(DEFAULT_LOCATION, "east", "west"),
  }),
);

/** Plays steps by the rules alone, and counts beside them what conservation is about. */
function play(steps: readonly Step[], backorder: boolean) {
  let shelves: Shelf[] = [];
  const holds: Take[][] = [];
  const totals = { moved: 0, held: 0, committed: 0 };
  for (const each of steps) {
    if (each.kind === "hold") {
      const takes = planHold(shelves, [{ quantity: each.quantity }], backorder);
      if (!takes.ok) continue;
      shelves = reserve(shelves, takes.value);
      holds.push(takes.value);
      totals.held += each.quantity;
    } else if (each.kind === "move") {
      const moved = move(shelves, each);
      if (!moved.ok) continue;
      shelves = moved.value;
      totals.moved += each.delta;
    } else {
      const [takes] = holds.splice(each.which % Math.max(1, holds.length), 1);
      if (!takes) continue;
      const quantity = takes.reduce((sum, take) => sum + take.quantity, 0);
      totals.held -= quantity;
      if (each.kind === "commit") totals.committed += quantity;
      shelves = each.kind === "commit" ? sell(shelves, takes) : unreserve(shelves, takes);
    }
  }
  return { shelves, totals };
}

describe("the stock of a SKU", () => {
  it("is conserved: what came in is free, held or sold", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, backorder) => {
        const { shelves, totals } = play(steps, backorder);
        expect(balanceOf(shelves) + totals.held + totals.committed).toBe(totals.moved);
      }),
      { numRuns: 500 },
    );
  });

  it("never promises more than there is without backorders, at any location", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        for (const { onHand, held } of play(steps, false).shelves) {
          expect(held).toBeGreaterThanOrEqual(0);
          expect(onHand).toBeGreaterThanOrEqual(held);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("owes at the default location only, and shows no debt as available", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { shelves } = play(steps, true);
        expect(availableOf(shelves)).toBeGreaterThanOrEqual(0);
        for (const { location, onHand, held } of shelves) {
          if (location !== DEFAULT_LOCATION) expect(onHand).toBeGreaterThanOrEqual(held);
        }
      }),
      { numRuns: 500 },
    );
  });
});
