import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  availabilityByLocation,
  commitAll,
  holdAll,
  type InventoryEnv,
  movementsOf,
  receiveStock,
  releaseAll,
  restock,
  takeBackAll,
} from "../../src/inventory/index.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import type { Sku } from "../../src/shared/ids.ts";
import { freshSku, stock, stocked, testIo } from "./shop.ts";

const order = (holdId: string, quantities: [Sku, number][]) => ({
  holdId,
  lines: quantities.map(([sku, quantity]) => ({ sku, quantity })),
  ttlMs: 60_000,
});

/** Objects that are overloaded when asked about one SKU. */
const overloadedAt = (sku: Sku): InventoryEnv =>
  ({
    SKU_STOCK: {
      getByName: (name: string) =>
        name === sku
          ? {
              hold: () =>
                Promise.reject(Object.assign(new Error("too busy"), { overloaded: true })),
            }
          : env.SKU_STOCK.getByName(name),
    },
  }) as unknown as InventoryEnv;

describe("holdAll", () => {
  it("holds every SKU in one round trip, lines of the same SKU together", async () => {
    const [a, b] = [await stocked(5), await stocked(5)];
    const meter = new Meter();
    const held = await holdAll(
      env,
      meter,
      order("o1", [
        [a, 2],
        [b, 1],
        [a, 3],
      ]),
    );
    expect(held).toMatchObject({ ok: true });
    expect(meter.roundTrips).toBe(1);
    expect(meter.steps).toHaveLength(2);
    expect(await stock(a).view()).toMatchObject({ held: 5, available: 0 });
    expect(await stock(b).view()).toMatchObject({ held: 1 });
  });

  it("sums lines before it asks, so two lines cannot share one unit", async () => {
    const sku = await stocked(3);
    const held = await holdAll(
      env,
      new Meter(),
      order("o1", [
        [sku, 2],
        [sku, 2],
      ]),
    );
    const shortages = [{ sku, available: 3 }];
    expect(held).toEqual({ ok: false, error: { code: "insufficient_stock", shortages } });
  });

  it("releases everything when one SKU refuses, and names each that is short", async () => {
    const [plenty, scarce, none] = [await stocked(9), await stocked(1), freshSku()];
    const held = await holdAll(
      env,
      new Meter(),
      order("o1", [
        [plenty, 2],
        [scarce, 2],
        [none, 1],
      ]),
    );
    const shortages = [
      { sku: scarce, available: 1 },
      { sku: none, available: 0 },
    ];
    expect(held).toEqual({ ok: false, error: { code: "insufficient_stock", shortages } });
    expect(await stock(plenty).view()).toMatchObject({ held: 0, available: 9 });
  });

  it("lets one of two orders win that want the same SKUs in opposite order", async () => {
    const [a, b] = [await stocked(1), await stocked(1)];
    const results = await Promise.all([
      holdAll(
        env,
        new Meter(),
        order("o1", [
          [a, 1],
          [b, 1],
        ]),
      ),
      holdAll(
        env,
        new Meter(),
        order("o2", [
          [b, 1],
          [a, 1],
        ]),
      ),
    ]);
    expect(results.filter(({ ok }) => ok).length).toBeLessThanOrEqual(1);
    const held = [(await stock(a).view()).held, (await stock(b).view()).held];
    expect(held[0]).toBe(held[1]);
  });

  it("throws weather after all objects were asked, and can be undone", async () => {
    const [a, b] = [await stocked(5), await stocked(5)];
    const failing = holdAll(
      overloadedAt(b),
      new Meter(),
      order("o1", [
        [b, 1],
        [a, 1],
      ]),
    );
    await expect(failing).rejects.toMatchObject({ name: "DependencyDown", dependency: "object" });
    expect(await stock(a).view()).toMatchObject({ held: 1 });
    await releaseAll(env, new Meter(), { holdId: "o1", skus: [a, b] });
    expect(await stock(a).view()).toMatchObject({ held: 0 });
    const late = await stock(b).hold({ holdId: "o1", quantity: 1, ttlMs: 60_000 });
    expect(late).toMatchObject({ ok: false, error: { code: "hold_ended" } });
  });
});

describe("the end of an order's holds", () => {
  it("commits all, and repeats without effect", async () => {
    const [a, b] = [await stocked(5), await stocked(5)];
    await holdAll(
      env,
      new Meter(),
      order("o1", [
        [a, 2],
        [b, 1],
      ]),
    );
    for (let n = 0; n < 2; n += 1) {
      const committed = await commitAll(env, new Meter(), { holdId: "o1", skus: [a, b] });
      expect(committed).toEqual({ ok: true, value: null });
    }
    expect(await stock(a).view()).toMatchObject({ onHand: 3, held: 0 });
  });

  it("names the SKUs whose hold is lost, and sells the others", async () => {
    const [a, b] = [await stocked(5), await stocked(5)];
    await holdAll(
      env,
      new Meter(),
      order("o1", [
        [a, 2],
        [b, 1],
      ]),
    );
    await stock(b).release("o1");
    const committed = await commitAll(env, new Meter(), { holdId: "o1", skus: [a, b] });
    expect(committed).toEqual({ ok: false, error: { code: "hold_lost", skus: [b] } });
    expect(await stock(a).view()).toMatchObject({ onHand: 3 });
    expect(await stock(b).view()).toMatchObject({ onHand: 5 });
  });

  it("throws when a committed hold is to be released", async () => {
    const sku = await stocked(5);
    await holdAll(env, new Meter(), order("o1", [[sku, 1]]));
    await commitAll(env, new Meter(), { holdId: "o1", skus: [sku] });
    const release = releaseAll(env, new Meter(), { holdId: "o1", skus: [sku] });
    await expect(release).rejects.toMatchObject({ name: "InvariantError" });
  });

  it("takes a sale back once, also after its hold was forgotten", async () => {
    const sku = await stocked(5);
    await holdAll(env, new Meter(), order("o1", [[sku, 3]]));
    await commitAll(env, new Meter(), { holdId: "o1", skus: [sku] });
    await runInDurableObject(stock(sku), (_object, { storage }) =>
      storage.sql.exec("DELETE FROM hold").toArray(),
    );
    const sale = { holdId: "o1", skus: [sku, sku], reason: "unwanted" };
    for (let n = 0; n < 2; n += 1) {
      expect(await takeBackAll(env, new Meter(), sale)).toEqual([{ sku, quantity: 3 }]);
    }
    const view = await stock(sku).view();
    expect(view).toMatchObject({ onHand: 5, held: 0 });
    expect(view.ledger[0]).toMatchObject({ kind: "return", quantity: 3, reason: "unwanted" });
  });

  it("takes back nothing of a hold that was not sold, and frees it", async () => {
    const sku = await stocked(5);
    await holdAll(env, new Meter(), order("o1", [[sku, 3]]));
    const sale = { holdId: "o1", skus: [sku], reason: "unwanted" };
    expect(await takeBackAll(env, new Meter(), sale)).toEqual([]);
    expect(await stock(sku).view()).toMatchObject({ onHand: 5, held: 0 });
    const late = await commitAll(env, new Meter(), { holdId: "o1", skus: [sku] });
    expect(late).toMatchObject({ ok: false, error: { code: "hold_lost" } });
  });
});

describe("receiveStock", () => {
  it("gives each SKU its first stock and policy once, a hundred and twenty at a time", async () => {
    const items = Array.from({ length: 120 }, (_, n) => ({
      sku: freshSku(),
      quantity: n,
      backorder: n % 2 === 0,
      movementId: `import:${n}`,
    }));
    await receiveStock(env, new Meter(), items);
    await receiveStock(env, new Meter(), items);
    const [none, one, ...rest] = items;
    expect(await stock(none!.sku).view()).toMatchObject({ onHand: 0, backorder: true });
    expect(await stock(one!.sku).view()).toMatchObject({ onHand: 1, backorder: false });
    expect(await stock(rest.at(-1)!.sku).view()).toMatchObject({ onHand: 119 });
  });
});

describe("restock", () => {
  it("puts a part of a sale back once per return, whatever races or repeats", async () => {
    const [a, b] = [await stocked(5), await stocked(5)];
    await holdAll(
      env,
      new Meter(),
      order("o1", [
        [a, 3],
        [b, 1],
      ]),
    );
    await commitAll(env, new Meter(), { holdId: "o1", skus: [a, b] });
    const part = {
      returnId: "ret_1",
      lines: [
        { sku: a, quantity: 1 },
        { sku: a, quantity: 1 },
      ],
    };
    const again = () => restock(env, new Meter(), { ...part, reason: "too large" });
    await Promise.all(Array.from({ length: 5 }, again));
    expect(await stock(a).view()).toMatchObject({ onHand: 4, held: 0 });
    expect(await stock(b).view()).toMatchObject({ onHand: 4, held: 0 });
    await restock(env, new Meter(), { ...part, returnId: "ret_2", reason: "" });
    expect((await stock(a).view()).onHand).toBe(6);
  });

  it("stands in the ledger beside the sale that it belongs to", async () => {
    const [sku, other] = [await stocked(5), await stocked(5)];
    await holdAll(
      env,
      new Meter(),
      order("o1", [
        [sku, 2],
        [other, 1],
      ]),
    );
    await holdAll(env, new Meter(), order("o2", [[sku, 1]]));
    await commitAll(env, new Meter(), { holdId: "o1", skus: [sku, other] });
    const back = { lines: [{ sku, quantity: 1 }], reason: "" };
    await restock(env, new Meter(), { ...back, returnId: "ret_1" });
    await restock(env, new Meter(), { ...back, returnId: "ret_other" });
    const sale = { holdId: "o1", returnIds: ["ret_1"], skus: [sku, other, sku] };
    const found = await movementsOf(env, new Meter(), sale);
    expect(found.map(({ sku: of }) => of)).toEqual([sku, other]);
    expect(found[0]?.movements.map(({ kind, quantity }) => [kind, quantity])).toEqual([
      ["hold", 2],
      ["commit", 2],
      ["return", 1],
    ]);
    expect(found[1]?.movements.map(({ kind }) => kind)).toEqual(["hold", "commit"]);
  });
});

describe("holds by location", () => {
  const spread = async () => {
    const sku = freshSku();
    for (const [location, delta] of [
      ["default", 2],
      ["berlin", 3],
      ["paris", 4],
    ] as const) {
      const movement = {
        movementId: location,
        kind: "receive",
        delta,
        reason: "",
        location,
      } as const;
      await stock(sku).move(movement);
    }
    return sku;
  };

  it("takes where a line says, tells where, and tells it again to a repeat", async () => {
    const [sku, other] = [await spread(), await stocked(1)];
    const request = {
      holdId: "o1",
      ttlMs: 60_000,
      lines: [
        { sku, quantity: 2, from: { only: "paris" } },
        { sku, quantity: 4, from: { prefer: ["paris", "berlin"] } },
        { sku: other, quantity: 1 },
      ],
    };
    const held = await holdAll(env, new Meter(), request);
    const takes = [
      { sku, location: "berlin", quantity: 2 },
      { sku, location: "paris", quantity: 4 },
      { sku: other, location: "default", quantity: 1 },
    ];
    expect(held).toMatchObject({ ok: true, value: { takes } });
    expect(await holdAll(env, new Meter(), request)).toEqual(held);
    const found = await availabilityByLocation(testIo(), env, [sku, other, freshSku()]);
    expect(found.get(sku)).toMatchObject({
      available: 3,
      locations: [
        { location: "default", available: 2 },
        { location: "berlin", available: 1 },
        { location: "paris", available: 0 },
      ],
    });
    await commitAll(env, new Meter(), { holdId: "o1", skus: [sku, other] });
    expect(await holdAll(env, new Meter(), request)).toEqual(held);
  });

  it("refuses a line whose only location is short, names it, and holds nothing elsewhere", async () => {
    const [sku, other] = [await spread(), await stocked(1)];
    const held = await holdAll(env, new Meter(), {
      holdId: "o1",
      ttlMs: 60_000,
      lines: [
        { sku, quantity: 4, from: { only: "berlin" } },
        { sku: other, quantity: 1 },
      ],
    });
    const shortages = [{ sku, available: 3, location: "berlin" }];
    expect(held).toEqual({ ok: false, error: { code: "insufficient_stock", shortages } });
    expect(await stock(other).view()).toMatchObject({ held: 0 });
  });

  it("puts an undone sale back where its units lay, once", async () => {
    const sku = await spread();
    const lines = [{ sku, quantity: 5, from: { prefer: ["berlin"] } }];
    await holdAll(env, new Meter(), { holdId: "o1", ttlMs: 60_000, lines });
    const before = await stock(sku).view();
    await commitAll(env, new Meter(), { holdId: "o1", skus: [sku] });
    const undo = () => takeBackAll(env, new Meter(), { holdId: "o1", skus: [sku], reason: "" });
    expect([await undo(), await undo()]).toEqual(Array(2).fill([{ sku, quantity: 5 }]));
    const after = await stock(sku).view();
    expect(after.locations).toEqual(before.locations.map((each) => ({ ...each, held: 0 })));
    const sale = { holdId: "o1", returnIds: [], skus: [sku] };
    const [found] = await movementsOf(env, new Meter(), sale);
    expect(found?.movements.filter(({ kind }) => kind === "return")).toHaveLength(2);
  });

  it("takes a lapsed hold again from the same locations, else from where it may", async () => {
    const sku = await spread();
    const lines = [{ sku, quantity: 3, from: { prefer: ["paris"] } }];
    const lapse = () =>
      runInDurableObject(stock(sku), async (object, { storage }) => {
        storage.sql.exec("UPDATE hold SET expires_at_ms = 1 WHERE status = 'held'");
        await object.alarm({ retryCount: 0, isRetry: false, scheduledTime: 0 });
      });
    await holdAll(env, new Meter(), { holdId: "same", ttlMs: 60_000, lines });
    await lapse();
    await commitAll(env, new Meter(), { holdId: "same", skus: [sku] });
    expect((await stock(sku).view()).locations[2]).toEqual({
      location: "paris",
      onHand: 1,
      held: 0,
    });

    const bound = [{ sku, quantity: 1, from: { only: "paris" } }];
    await holdAll(env, new Meter(), { holdId: "bound", ttlMs: 60_000, lines: bound });
    await lapse();
    await holdAll(env, new Meter(), { holdId: "quicker", ttlMs: 60_000, lines: bound });
    const lost = await commitAll(env, new Meter(), { holdId: "bound", skus: [sku] });
    expect(lost).toMatchObject({ ok: false, error: { code: "hold_lost" } });
  });
});
