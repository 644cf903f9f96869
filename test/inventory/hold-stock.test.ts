import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
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
import { freshSku, stock, stocked } from "./shop.ts";

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
      holdId: "o1",
      otherReturnIds: [],
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
    const back = { holdId: "o1", otherReturnIds: [], lines: [{ sku, quantity: 1 }], reason: "" };
    await restock(env, new Meter(), { ...back, returnId: "ret_1" });
    await restock(env, new Meter(), { ...back, holdId: "o2", returnId: "ret_other" });
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
