import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { SkuStockObject } from "../../src/inventory/index.ts";
import type { LedgerEntry } from "../../src/inventory/model.ts";
import { freshSku, stock, stocked } from "./shop.ts";

const MINUTE_MS = 60_000;
const hold = (holdId: string, quantity: number, ttlMs = MINUTE_MS) => ({ holdId, quantity, ttlMs });
const receive = (movementId: string, delta: number, location?: string) => ({
  movementId,
  kind: "receive" as const,
  delta,
  reason: "delivery",
  ...(location === undefined ? {} : { location }),
});

/** Lets a hold end at once: its time limit is moved into the past, and the alarm runs. */
async function expire(stub: DurableObjectStub<SkuStockObject>, holdId: string): Promise<void> {
  await runInDurableObject(stub, (_, state) => {
    const update = "UPDATE hold SET expires_at_ms = 1 WHERE hold_id = ?";
    state.storage.sql.exec(update, holdId);
  });
  await runDurableObjectAlarm(stub);
}

/** What the ledger says there should be, by the sign that each kind of movement has. */
function fold(ledger: readonly LedgerEntry[]) {
  const sum = (...kinds: string[]) =>
    ledger
      .filter(({ kind }) => kinds.includes(kind))
      .reduce((total, { quantity }) => total + quantity, 0);
  const onHand = sum("receive", "adjust", "return") - sum("commit");
  return { onHand, held: sum("hold") - sum("release", "expire", "commit") };
}

describe("SkuStockObject.hold", () => {
  it("gives 50 units to 50 of 500 racing holds, and the ledger agrees", async () => {
    const sku = await stocked(50);
    const tries = Array.from({ length: 500 }, (_, n) => stock(sku).hold(hold(`h${n}`, 1)));
    const results = await Promise.all(tries);
    expect(results.filter(({ ok }) => ok)).toHaveLength(50);
    const refused = results.find((result) => !result.ok);
    expect(refused).toMatchObject({ error: { code: "insufficient_stock", available: 0 } });

    const view = await stock(sku).view();
    expect(view).toMatchObject({ onHand: 50, held: 50, available: 0 });
    expect(fold(view.ledger)).toEqual({ onHand: 50, held: 50 });
  });

  it("takes stock once when 20 copies of one hold race, and again after an eviction", async () => {
    const sku = await stocked(5);
    const copies = Array.from({ length: 20 }, () => stock(sku).hold(hold("a", 2)));
    const [first, ...others] = await Promise.all(copies);
    for (const other of others) expect(other).toEqual(first);
    await evictDurableObject(stock(sku));
    expect(await stock(sku).hold(hold("a", 2))).toEqual(first);
    expect(await stock(sku).view()).toMatchObject({ held: 2, available: 3 });
  });

  it("takes all or nothing, over several locations", async () => {
    const sku = freshSku();
    await stock(sku).move(receive("m1", 2, "east"));
    await stock(sku).move(receive("m2", 3, "west"));
    expect(await stock(sku).hold(hold("big", 6))).toMatchObject({ ok: false });
    expect(await stock(sku).hold(hold("fits", 4))).toMatchObject({ ok: true });
    expect((await stock(sku).view()).locations).toEqual([
      { location: "east", onHand: 2, held: 2 },
      { location: "west", onHand: 3, held: 2 },
    ]);
    await stock(sku).release("fits");
    expect(await stock(sku).view()).toMatchObject({ held: 0, available: 5 });
  });

  it("never holds again under an id that has ended", async () => {
    const sku = await stocked(5);
    await stock(sku).hold(hold("gone", 1));
    await stock(sku).release("gone");
    const again = await stock(sku).hold(hold("gone", 1));
    expect(again).toEqual({ ok: false, error: { code: "hold_ended", available: 5 } });

    const sold = await stock(sku).hold(hold("sold", 1));
    await stock(sku).commit("sold");
    expect(await stock(sku).hold(hold("sold", 1))).toEqual(sold);
    expect(await stock(sku).view()).toMatchObject({ onHand: 4, held: 0 });
  });

  it("stores nothing for a SKU that nobody stocks", async () => {
    const stub = stock(freshSku());
    expect(await stub.hold(hold("a", 1))).toMatchObject({ ok: false });
    expect(await stub.availability()).toMatchObject({ available: 0, backorder: false });
    expect(await stub.commit("a")).toEqual({ ok: false, error: { code: "hold_lost" } });
    expect(await stub.release("a")).toMatchObject({ ok: true });
    await runInDurableObject(stub, (_, state) => {
      const tables = state.storage.sql.exec(
        "SELECT name FROM sqlite_master WHERE name IN ('stock', '_migrations')",
      );
      expect(tables.toArray()).toEqual([]);
    });
  });
});

describe("the end of a hold", () => {
  it("is a commit or a release, never both, whichever comes first", async () => {
    const sku = await stocked(10);
    await stock(sku).hold(hold("a", 2));
    const [committed, released] = await Promise.all([
      stock(sku).commit("a"),
      stock(sku).release("a"),
    ]);
    expect([committed.ok, released.ok].filter(Boolean)).toHaveLength(1);
    const again = [await stock(sku).commit("a"), await stock(sku).release("a")];
    expect(again).toEqual([committed, released]);
  });

  it("sells once however often a commit is repeated", async () => {
    const sku = await stocked(10);
    await stock(sku).hold(hold("a", 3));
    for (let n = 0; n < 3; n += 1) expect(await stock(sku).commit("a")).toMatchObject({ ok: true });
    const view = await stock(sku).view();
    expect(view).toMatchObject({ onHand: 7, held: 0, available: 7 });
    expect(fold(view.ledger)).toEqual({ onHand: 7, held: 0 });
  });

  it("bars an id that is released before its hold arrives", async () => {
    const sku = await stocked(5);
    expect(await stock(sku).release("late")).toMatchObject({ ok: true });
    expect(await stock(sku).hold(hold("late", 2))).toMatchObject({ error: { code: "hold_ended" } });
    expect(await stock(sku).availability()).toMatchObject({ available: 5 });
  });

  it("comes by the alarm when the time is up", async () => {
    const sku = await stocked(5);
    await stock(sku).hold(hold("slow", 2));
    await stock(sku).hold(hold("other", 1));
    await expire(stock(sku), "slow");
    const view = await stock(sku).view();
    expect(view).toMatchObject({ held: 1, available: 4 });
    expect(view.ledger[0]).toMatchObject({ kind: "expire", reference: "slow", quantity: 2 });
    expect(fold(view.ledger)).toEqual({ onHand: 5, held: 1 });
  });

  it("keeps an alarm for the next hold after the first has expired", async () => {
    const sku = await stocked(5);
    await stock(sku).hold(hold("slow", 2));
    await stock(sku).hold(hold("other", 1, 10 * MINUTE_MS));
    await expire(stock(sku), "slow");
    const dueMs = await runInDurableObject(stock(sku), (_, state) => state.storage.getAlarm());
    expect(dueMs).not.toBeNull();
    expect(dueMs!).toBeLessThanOrEqual(Date.now() + 10 * MINUTE_MS);
  });

  it("sells an expired hold if its units are still there, and else says that it is lost", async () => {
    const sku = await stocked(2);
    await stock(sku).hold(hold("a", 2));
    await expire(stock(sku), "a");
    expect(await stock(sku).commit("a")).toMatchObject({ ok: true });
    expect(await stock(sku).view()).toMatchObject({ onHand: 0, held: 0 });

    const scarce = await stocked(2);
    await stock(scarce).hold(hold("slow", 2));
    await expire(stock(scarce), "slow");
    await stock(scarce).hold(hold("quick", 1));
    expect(await stock(scarce).commit("slow")).toEqual({ ok: false, error: { code: "hold_lost" } });
    expect(await stock(scarce).view()).toMatchObject({ onHand: 2, held: 1 });
  });

  it("frees expired holds for the next shopper even before the alarm", async () => {
    const sku = await stocked(1);
    await stock(sku).hold(hold("slow", 1));
    await runInDurableObject(stock(sku), (_, state) => {
      state.storage.sql.exec("UPDATE hold SET expires_at_ms = 1");
    });
    expect(await stock(sku).hold(hold("next", 1))).toMatchObject({ ok: true });
  });
});

describe("SkuStockObject.move", () => {
  it("moves once per movement id", async () => {
    const sku = freshSku();
    await stock(sku).move(receive("m1", 5));
    const again = await stock(sku).move(receive("m1", 5));
    expect(again).toMatchObject({ ok: true, value: { onHand: 5 } });
    expect((await stock(sku).view()).ledger).toHaveLength(1);
  });

  it("refuses to go below what is held, and leaves no trace", async () => {
    const sku = await stocked(5);
    await stock(sku).hold(hold("a", 3));
    const taken = { movementId: "m1", kind: "adjust" as const, delta: -3, reason: "damaged" };
    const refused = await stock(sku).move(taken);
    expect(refused).toEqual({ ok: false, error: { code: "stock_negative", onHand: 5, held: 3 } });
    const view = await stock(sku).view();
    expect(view).toMatchObject({ onHand: 5, held: 3 });
    expect(view.ledger.map(({ kind }) => kind)).toEqual(["hold", "receive"]);
  });

  it("refuses an update and a deletion of the ledger in the database itself", async () => {
    const sku = await stocked(5);
    await runInDurableObject(stock(sku), (_, state) => {
      const { sql } = state.storage;
      expect(() => sql.exec("UPDATE ledger SET quantity = 9")).toThrow(/append-only/);
      expect(() => sql.exec("DELETE FROM ledger")).toThrow(/append-only/);
      expect(() => sql.exec("UPDATE stock SET held = 6")).toThrow(/CHECK/);
      expect(() => sql.exec("UPDATE stock SET on_hand = -1")).toThrow(/CHECK/);
    });
  });
});

describe("a SKU that may be backordered", () => {
  it("is sold beyond its stock, and pays the debt from what comes in", async () => {
    const sku = await stocked(1, { backorder: true });
    expect(await stock(sku).hold(hold("a", 4))).toMatchObject({ ok: true });
    expect(await stock(sku).commit("a")).toMatchObject({ ok: true });
    expect(await stock(sku).view()).toMatchObject({ onHand: -3, held: 0, available: 0 });

    await stock(sku).setBackorder(false);
    await stock(sku).move(receive("m1", 2));
    expect(await stock(sku).hold(hold("b", 1))).toMatchObject({ ok: false });
    await stock(sku).move(receive("m2", 2));
    expect(await stock(sku).hold(hold("c", 1))).toMatchObject({ ok: true });
    expect(fold((await stock(sku).view()).ledger)).toEqual({ onHand: 1, held: 1 });
  });
});

describe("the alarm", () => {
  it("ends many holds in bounded parts, and comes again for the rest", async () => {
    const sku = await stocked(1_000);
    const count = 520;
    await Promise.all(Array.from({ length: count }, (_, n) => stock(sku).hold(hold(`h${n}`, 1))));
    await runInDurableObject(stock(sku), (_, state) => {
      state.storage.sql.exec("UPDATE hold SET expires_at_ms = 1");
    });
    await runDurableObjectAlarm(stock(sku));
    expect((await stock(sku).view()).held).toBeLessThanOrEqual(count - 500);
    await vi.waitFor(async () => expect(await stock(sku).view()).toMatchObject({ held: 0 }), {
      timeout: 5_000,
    });
  });

  it("is gone when nothing is held and everybody was told", async () => {
    const sku = await stocked(1);
    await runInDurableObject(stock(sku), (_, state) => {
      state.storage.sql.exec("UPDATE offer SET publish_at_ms = 1");
    });
    await runDurableObjectAlarm(stock(sku));
    expect(await runDurableObjectAlarm(stock(sku))).toBe(false);
  });

  it("is not lost when its last retry fails", async () => {
    const sku = await stocked(1);
    vi.spyOn(console, "error").mockImplementation(() => {});
    await runInDurableObject(stock(sku), async (instance, state) => {
      // A table that cannot be read stands for any bug: every run of the alarm throws.
      state.storage.sql.exec("ALTER TABLE hold RENAME TO hidden");
      const retry = (retryCount: number) =>
        instance.alarm({ retryCount, isRetry: retryCount > 0, scheduledTime: 0 });
      await state.storage.deleteAlarm();
      await expect(retry(0)).rejects.toThrow(/no such table/);
      await state.storage.deleteAlarm();
      await retry(5);
      expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
      state.storage.sql.exec("ALTER TABLE hidden RENAME TO hold");
      await state.storage.deleteAlarm();
    });
    vi.restoreAllMocks();
  });
});
