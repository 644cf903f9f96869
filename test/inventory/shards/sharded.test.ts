import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import {
  availabilityByLocation,
  commitAll,
  holdAll,
  movementsOf,
  releaseAll,
  restock,
  takeBackAll,
} from "../../../src/inventory/index.ts";
import { placeFor } from "../../../src/inventory/shards/layout.ts";
import { stockShard } from "../../../src/inventory/stub.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";
import type { Sku } from "../../../src/shared/ids.ts";
import { stock, stocked, testIo } from "../shop.ts";

const SHARDS = 4;
const TTL_MS = 60_000;

async function sharded(units: number, shards = SHARDS): Promise<Sku> {
  const sku = await stocked(units);
  expect(await stock(sku).setPolicy({ shards })).toMatchObject({ ok: true, value: { shards } });
  return sku;
}

const holdOf = (
  sku: Sku,
  holdId: string,
  { quantity = 1, meter = new Meter(), buyer = "", startedAtMs = Date.now() } = {},
) =>
  holdAll(env, meter, {
    holdId,
    lines: [{ sku, quantity }],
    ttlMs: TTL_MS,
    ...(buyer && { buyer }),
    startedAtMs,
  });
const commitOf = (sku: Sku, holdId: string, meter = new Meter()) =>
  commitAll(env, meter, { holdId, skus: [sku] });
const shardOf = (sku: Sku, holdId: string, shards = SHARDS) =>
  stockShard(env, sku, placeFor({ shards, byBuyer: false }, { holdId }));
const ids = (count: number, prefix = "h") =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe("a sharded SKU", () => {
  it("sells 500 units to 500 of 2,000 buyers, and refuses nobody while a unit is free", async () => {
    const sku = await sharded(500, 8);
    // As if the shards had been there for a minute: no hold can be known from before.
    const startedAtMs = Date.now() + 60_000;
    const bought = await Promise.all(
      ids(2_000).map(async (holdId) => {
        const held = await holdOf(sku, holdId, { startedAtMs });
        return held.ok && (await commitOf(sku, holdId)).ok;
      }),
    );
    expect(bought.filter(Boolean)).toHaveLength(500);
    const view = await stock(sku).view();
    expect(view).toMatchObject({ onHand: 0, held: 0, available: 0, inFlight: 0, shards: 8 });
    await vi.waitFor(async () =>
      expect(await stock(sku).availability()).toMatchObject({ available: 0 }),
    );
  });

  it("is one step for who knows its shards, and two for who does not yet", async () => {
    const sku = await sharded(100);
    const steps = async (holdId: string) => {
      const meter = new Meter();
      await holdOf(sku, holdId, { meter });
      await commitOf(sku, holdId, meter);
      return meter.steps.length;
    };
    expect(await steps("first")).toBe(3);
    expect(await steps("second")).toBe(2);
    const plain = await stocked(1);
    const meter = new Meter();
    await holdOf(plain, "h", { meter });
    expect(meter.steps).toHaveLength(1);
  });

  it("borrows what a sibling has, through the whole, and the ledgers of all agree", async () => {
    const sku = await sharded(10);
    const [first] = ids(1);
    // One shard is given a share of everything; the others find the rest.
    for (const holdId of ids(9)) expect(await holdOf(sku, holdId)).toMatchObject({ ok: true });
    const all = await stock(sku).view();
    expect(all).toMatchObject({ onHand: 10, held: 9, available: 1 });
    await releaseAll(env, new Meter(), { holdId: first!, skus: [sku] });
    expect(await holdOf(sku, "two", { quantity: 2 })).toMatchObject({ ok: true });
    const none = await holdOf(sku, "none");
    expect(none).toMatchObject({ ok: false, error: { shortages: [{ sku, available: 0 }] } });
    const { ledger } = await stock(sku).view();
    const moved = ledger
      .filter(({ kind }) => kind === "transfer")
      .reduce((sum, { quantity }) => sum + quantity, 0);
    expect(moved).toBe(0);
  });

  it("repeats a hold and its end, from any shard's death, as one object would", async () => {
    const sku = await sharded(5);
    const held = await holdOf(sku, "a", { quantity: 2 });
    await evictDurableObject(shardOf(sku, "a"));
    expect(await holdOf(sku, "a", { quantity: 2 })).toEqual(held);
    for (let n = 0; n < 2; n += 1) expect(await commitOf(sku, "a")).toMatchObject({ ok: true });
    const undo = () => takeBackAll(env, new Meter(), { holdId: "a", skus: [sku], reason: "" });
    expect([await undo(), await undo()]).toEqual(Array(2).fill([{ sku, quantity: 2 }]));
    const sale = { holdId: "a", returnIds: [], skus: [sku] };
    const [found] = await movementsOf(env, new Meter(), sale);
    expect(found?.movements.map(({ kind }) => kind)).toEqual(["hold", "commit", "return"]);
    expect(await stock(sku).view()).toMatchObject({ onHand: 5, held: 0, available: 5 });
  });

  it("bars an id that is released before its hold arrives", async () => {
    const sku = await sharded(5);
    await releaseAll(env, new Meter(), { holdId: "late", skus: [sku] });
    expect(await holdOf(sku, "late")).toMatchObject({ ok: false });
    expect(await stock(sku).view()).toMatchObject({ held: 0 });
  });

  it("sells a hold that lapsed while its units are anywhere", async () => {
    const sku = await sharded(4);
    await holdOf(sku, "slow", { quantity: 4 });
    const shard = shardOf(sku, "slow");
    await runInDurableObject(shard, (_, { storage }) => {
      storage.sql.exec("UPDATE hold SET expires_at_ms = 1");
    });
    await runDurableObjectAlarm(shard);
    const other = ids(50, "o").find((id) => shardOf(sku, id).id.name !== shard.id.name)!;
    await holdOf(sku, other);
    await releaseAll(env, new Meter(), { holdId: other, skus: [sku] });
    expect(await commitOf(sku, "slow")).toMatchObject({ ok: true });
    expect(await stock(sku).view()).toMatchObject({ onHand: 0, held: 0 });
  });
});

describe("a change of the shards", () => {
  it("keeps every hold, whichever way the count goes, and sells what is left exactly", async () => {
    const sku = await stocked(30);
    const counts = [1, 4, 2, 1, 8] as const;
    for (const [n, shards] of counts.entries()) {
      await stock(sku).setPolicy({ shards });
      for (const id of ids(3, `c${n}-`)) expect(await holdOf(sku, id)).toMatchObject({ ok: true });
    }
    expect(await stock(sku).view()).toMatchObject({
      held: 15,
      onHand: 30,
      available: 15,
      shards: 8,
    });
    for (const n of counts.keys()) {
      const [sold, freed, repeated] = ids(3, `c${n}-`);
      expect(await commitOf(sku, sold!)).toMatchObject({ ok: true });
      await releaseAll(env, new Meter(), { holdId: freed!, skus: [sku] });
      expect(await holdOf(sku, repeated!)).toMatchObject({ ok: true });
    }
    expect(await stock(sku).view()).toMatchObject({ held: 5, onHand: 25, available: 20 });
    await stock(sku).setPolicy({ shards: 1 });
    const left = await Promise.all(ids(30, "left").map((id) => holdOf(sku, id)));
    expect(left.filter(({ ok }) => ok)).toHaveLength(20);
    expect(await stock(sku).view()).toMatchObject({ shards: 1, available: 0, held: 25 });
  });

  it("loses no hold that is under way while it happens", async () => {
    const sku = await sharded(200);
    const buyers = ids(200).map(async (holdId) => {
      const held = await holdOf(sku, holdId);
      return held.ok && (await commitOf(sku, holdId)).ok;
    });
    for (const shards of [1, 3]) await stock(sku).setPolicy({ shards });
    expect((await Promise.all(buyers)).filter(Boolean)).toHaveLength(200);
    expect(await stock(sku).view()).toMatchObject({ onHand: 0, held: 0 });
  });

  it("comes by measured load, and never by a moment's rush or for a handful of units", async () => {
    const sku = await stocked(10_000);
    const hot = async (units: Sku) => {
      await runInDurableObject(stock(units), async (object) => {
        const now = vi.spyOn(Date, "now");
        const startMs = Date.now();
        for (let n = 0; n < 700; n += 1) {
          now.mockReturnValue(startMs + n * 8);
          await object.hold({ holdId: `m${n}`, quantity: 1, ttlMs: TTL_MS });
        }
        now.mockRestore();
      });
      return (await stock(units).view()).shards;
    };
    expect(await hot(sku)).toBeGreaterThan(1);
    expect(await holdOf(sku, "after")).toMatchObject({ ok: true });
    expect(await hot(await stocked(400))).toBe(1);
    const never = await stocked(10_000);
    await stock(never).setPolicy({ shards: 1 });
    expect(await hot(never)).toBe(1);
  });

  it("is refused where a debt is allowed, and undone when that begins", async () => {
    const owing = await stocked(1, { backorder: true });
    const refused = { ok: false, error: { code: "backorder_sharded" } };
    expect(await stock(owing).setPolicy({ shards: 4 })).toEqual(refused);
    const sku = await sharded(3);
    await holdOf(sku, "a");
    await stock(sku).setBackorder(true);
    expect(await holdOf(sku, "b", { quantity: 9 })).toMatchObject({ ok: true });
    expect(await commitOf(sku, "a")).toMatchObject({ ok: true });
    expect(await commitOf(sku, "b")).toMatchObject({ ok: true });
    expect(await stock(sku).view()).toMatchObject({ onHand: -7, shards: 1, backorder: true });
  });
});

describe("a limit per shopper", () => {
  const DAY_MS = 86_400_000;
  const limit = (sku: Sku, max: number | null, windowMs = DAY_MS) =>
    stock(sku).setPolicy({ shopperLimit: max === null ? null : { max, windowMs } });
  const buy = (sku: Sku, holdId: string, buyer: string, quantity = 1) =>
    holdOf(sku, holdId, { buyer, quantity });
  const refused = (available: number, max: number) => ({
    ok: false,
    error: { shortages: [{ available, max }] },
  });
  const bought = async (tries: Promise<{ ok: boolean }>[]) =>
    (await Promise.all(tries)).filter(({ ok }) => ok).length;

  it("holds for all of a shopper's holds at once, and for nobody else's", async () => {
    for (const shards of [1, SHARDS]) {
      const sku = await sharded(100, shards);
      await limit(sku, 3);
      expect(await bought(ids(20).map((id) => buy(sku, id, "ada")))).toBe(3);
      expect(await buy(sku, "bob", "bob", 3)).toMatchObject({ ok: true });
      expect(await buy(sku, "cy", "cy", 4)).toMatchObject(refused(3, 3));
      const one = (await stock(sku).view()).ledger.find(({ quantity }) => quantity === 1)!;
      expect(await buy(sku, one.reference, "ada")).toMatchObject({ ok: true });
    }
  });

  it("is given back by what is released, lapses or is undone, and not by what is sold", async () => {
    const sku = await sharded(100);
    await limit(sku, 2);
    const end = { skus: [sku], buyer: "ada" };
    await buy(sku, "sold", "ada");
    await commitAll(env, new Meter(), { holdId: "sold", ...end });
    await buy(sku, "freed", "ada");
    expect(await buy(sku, "more", "ada")).toMatchObject(refused(0, 2));
    await releaseAll(env, new Meter(), { holdId: "freed", ...end });
    expect(await buy(sku, "next", "ada")).toMatchObject({ ok: true });
    // Whoever undoes a sale, weeks later, does not know the buyer any more.
    await takeBackAll(env, new Meter(), { holdId: "sold", skus: [sku], reason: "" });
    expect(await buy(sku, "last", "ada")).toMatchObject({ ok: true });
    expect(await buy(sku, "none", "ada")).toMatchObject(refused(0, 2));
  });

  it("counts on through every change of the shards", async () => {
    const sku = await stocked(100);
    await limit(sku, 4);
    for (const [n, shards] of [1, 4, 8, 1].entries()) {
      await stock(sku).setPolicy({ shards });
      expect(await buy(sku, `n${n}`, "ada")).toMatchObject({ ok: true });
    }
    for (const shards of [1, 4, 8]) {
      await stock(sku).setPolicy({ shards });
      expect(await buy(sku, `over${shards}`, "ada")).toMatchObject(refused(0, 4));
    }
    await limit(sku, 5);
    expect(await buy(sku, "fifth", "ada")).toMatchObject({ ok: true });
    await limit(sku, null);
    expect(await buy(sku, "any", "ada", 9)).toMatchObject({ ok: true });
    expect(await stock(sku).view()).toMatchObject({ held: 14, shards: 8, maxPerShopper: null });
  });

  it("counts a purchase for as long as its window says", async () => {
    const sku = await stocked(10);
    await limit(sku, 1, 60_000);
    await buy(sku, "first", "ada");
    await commitAll(env, new Meter(), { holdId: "first", skus: [sku] });
    expect(await buy(sku, "soon", "ada")).toMatchObject(refused(0, 1));
    await runInDurableObject(stock(sku), (_, { storage }) => {
      storage.sql.exec("UPDATE hold SET ended_at_ms = ended_at_ms - 60001 WHERE ended_at_ms > 0");
    });
    expect(await buy(sku, "later", "ada")).toMatchObject({ ok: true });
  });
});

describe("goods of a sharded SKU", () => {
  it("come to the whole, leave from wherever they are, and come back to where they can be sold", async () => {
    const sku = await sharded(10);
    for (const id of ids(6)) await holdOf(sku, id);
    const move = (movementId: string, delta: number) => {
      const kind = delta > 0 ? "receive" : "adjust";
      return stock(sku).move({ movementId, kind, delta, reason: "" } as const);
    };
    expect(await move("in", 5)).toMatchObject({ ok: true, value: { onHand: 15, available: 9 } });
    expect(await move("out", -9)).toMatchObject({ ok: true, value: { onHand: 6, available: 0 } });
    expect(await move("more", -1)).toMatchObject({ ok: false, error: { code: "stock_negative" } });
    await commitOf(sku, "h0");
    const lines = [{ sku, quantity: 1 }];
    const back = { returnId: "r1", holdId: "h0", otherReturnIds: [], lines, reason: "" };
    await restock(env, new Meter(), back);
    await restock(env, new Meter(), back);
    expect(await stock(sku).view()).toMatchObject({ onHand: 6, held: 5, available: 1 });
    expect(await holdOf(sku, "again")).toMatchObject({ ok: true });
  });

  it("are held by location, and told by location, as those of a plain one", async () => {
    const sku = await sharded(2);
    const east = {
      movementId: "e",
      kind: "receive",
      delta: 3,
      reason: "",
      location: "east",
    } as const;
    await stock(sku).move(east);
    const lines = [{ sku, quantity: 3, from: { only: "east" } }];
    const held = await holdAll(env, new Meter(), { holdId: "e1", ttlMs: TTL_MS, lines });
    const takes = [{ sku, location: "east", quantity: 3 }];
    expect(held).toMatchObject({ ok: true, value: { takes } });
    const short = await holdAll(env, new Meter(), { holdId: "e2", ttlMs: TTL_MS, lines });
    const shortages = [{ sku, available: 0, location: "east" }];
    expect(short).toMatchObject({ ok: false, error: { shortages } });
    const found = await availabilityByLocation(testIo(), env, [sku]);
    expect(found.get(sku)).toMatchObject({
      available: 2,
      locations: [
        { location: "default", available: 2 },
        { location: "east", available: 0 },
      ],
    });
    await commitOf(sku, "e1");
    const part = [{ sku, quantity: 2 }];
    const back = { returnId: "r1", holdId: "e1", otherReturnIds: [], lines: part, reason: "" };
    await restock(env, new Meter(), back);
    await restock(env, new Meter(), back);
    const { locations } = await stock(sku).view();
    expect(locations).toContainEqual({ location: "east", onHand: 2, held: 0 });
  });
});
