import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  availabilityByLocation,
  commitAll,
  holdAll,
  movementsOf,
  restock,
  takeBackAll,
} from "../../src/inventory/index.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import { freshSku, stock, stocked, testIo } from "./shop.ts";

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

  it("get their parts back where they lay, however many returns race, and what is too much at the default", async () => {
    const sku = await spread();
    const lines = [
      { sku, quantity: 3, from: { only: "paris" } },
      { sku, quantity: 2, from: { only: "berlin" } },
    ];
    await holdAll(env, new Meter(), { holdId: "o1", ttlMs: 60_000, lines });
    await commitAll(env, new Meter(), { holdId: "o1", skus: [sku] });
    const returnIds = ["r1", "r2", "r3", "r4", "r5", "r6"];
    const back = (returnId: string) => {
      const otherReturnIds = returnIds.filter((id) => id !== returnId);
      const goods = { returnId, holdId: "o1", otherReturnIds, reason: "" };
      return restock(env, new Meter(), { ...goods, lines: [{ sku, quantity: 1 }] });
    };
    await Promise.all([...returnIds, ...returnIds].map(back));
    const { locations } = await stock(sku).view();
    expect(locations).toMatchObject([
      { location: "default", onHand: 3 },
      { location: "berlin", onHand: 3 },
      { location: "paris", onHand: 4 },
    ]);
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
