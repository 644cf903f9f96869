import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { products, variants } from "../../src/catalog/schema.ts";
import { availabilityNow, readAvailability } from "../../src/inventory/index.ts";
import { bufferKey, publishOffer } from "../../src/inventory/publish-offer.ts";
import { inventoryLevels } from "../../src/inventory/schema.ts";
import type { Sku } from "../../src/shared/ids.ts";
import { freshSku, onSale, stock, stocked, testIo } from "./shop.ts";

const buffered = (sku: Sku) =>
  testIo().redis("buffer", (client) => client.get<{ available: number }>(bufferKey(sku)));

async function level(sku: Sku) {
  const rows = testIo().sql.select().from(inventoryLevels).where(eq(inventoryLevels.sku, sku));
  return (await rows)[0];
}

async function inStockOf(sku: Sku) {
  const [row] = await testIo()
    .sql.select({ variant: variants.inStock, product: products.inStock })
    .from(variants)
    .innerJoin(products, eq(products.id, variants.productId))
    .where(eq(variants.sku, sku));
  return row;
}

/** Brings the publication forward that is due within a second. */
async function publishNow(sku: Sku): Promise<void> {
  await runInDurableObject(stock(sku), (_, state) => {
    state.storage.sql.exec("UPDATE offer SET publish_at_ms = 1 WHERE publish_at_ms IS NOT NULL");
  });
  await runDurableObjectAlarm(stock(sku));
}

const isDue = (sku: Sku) =>
  runInDurableObject(stock(sku), (_, state) => {
    const query = "SELECT publish_at_ms AS atMs FROM offer";
    return state.storage.sql.exec<{ atMs: number | null }>(query).one().atMs !== null;
  });

/** Cuts the way to one system, by the variable that holds its address. */
function cut(name: "REDIS_BUFFER_URL" | "MYSQL_URL"): void {
  const { origin } = new URL((env as unknown as Record<string, string>)[name]!);
  const through = globalThis.fetch;
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const target = new URL(input instanceof Request ? input.url : String(input));
    if (target.origin === origin) return Promise.reject(new TypeError("connection refused"));
    return through(input, init);
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("what the shop is told about a SKU", () => {
  it("reaches Redis, MySQL and the catalogue after a change", async () => {
    const sku = await onSale({ onHand: 3 });
    await publishNow(sku);
    expect(await buffered(sku)).toMatchObject({ available: 3, backorder: false });
    expect(await level(sku)).toMatchObject({ available: 3, backorder: false });
    expect(await inStockOf(sku)).toEqual({ variant: true, product: true });
    expect(await isDue(sku)).toBe(false);
  });

  it("says out of stock when the last unit is held, and in stock when it comes back", async () => {
    const sku = await onSale({ onHand: 1 });
    await publishNow(sku);
    await stock(sku).hold({ holdId: "last", quantity: 1, ttlMs: 60_000 });
    await publishNow(sku);
    expect(await inStockOf(sku)).toEqual({ variant: false, product: false });
    await stock(sku).release("last");
    await publishNow(sku);
    expect(await inStockOf(sku)).toEqual({ variant: true, product: true });
  });

  it("comes by itself within a second or so, without a call", async () => {
    const sku = await stocked(4);
    await vi.waitFor(async () => expect(await buffered(sku)).toMatchObject({ available: 4 }), {
      timeout: 5_000,
      interval: 100,
    });
  });

  it("leaves the alarm of a busy SKU where it is", async () => {
    const sku = await onSale({ onHand: 100 });
    await publishNow(sku);
    const hold = (holdId: string) => stock(sku).hold({ holdId, quantity: 1, ttlMs: 3_600_000 });
    const alarmAtMs = () => runInDurableObject(stock(sku), (_, state) => state.storage.getAlarm());
    const told = (available: number) =>
      vi.waitFor(async () => expect(await buffered(sku)).toMatchObject({ available }), {
        timeout: 5_000,
        interval: 50,
      });
    await hold("a");
    const first = await alarmAtMs();
    expect(first).toBeLessThan(Date.now() + 15_000);
    await told(99);
    await hold("b");
    await told(98);
    expect(await alarmAtMs()).toBe(first);
  });

  it("never goes back to an older state", async () => {
    const sku = freshSku();
    const newer = { available: 1, backorder: false, version: 20 };
    await publishOffer(testIo(), { sku, offer: newer, crossesZero: false });
    const older = { available: 9, backorder: true, version: 10 };
    await publishOffer(testIo(), { sku, offer: older, crossesZero: false });
    expect(await buffered(sku)).toEqual(newer);
    expect(await level(sku)).toMatchObject(newer);
  });

  it("does not let a crossing that arrives late take back a newer one", async () => {
    const sku = await onSale({ onHand: 1 });
    const crossing = (available: number, version: number) =>
      publishOffer(testIo(), {
        sku,
        offer: { available, backorder: false, version },
        crossesZero: true,
      });
    await crossing(1, 30);
    await crossing(0, 20);
    expect(await inStockOf(sku)).toEqual({ variant: true, product: true });
    await crossing(0, 40);
    expect(await inStockOf(sku)).toEqual({ variant: false, product: false });
  });

  it("tells two SKUs apart that differ in case only", async () => {
    const sku = freshSku();
    const other = sku.toLowerCase() as Sku;
    const offer = { available: 1, backorder: false, version: 1 };
    await publishOffer(testIo(), { sku, offer, crossesZero: false });
    await publishOffer(testIo(), {
      sku: other,
      offer: { ...offer, available: 2 },
      crossesZero: false,
    });
    expect(await level(sku)).toMatchObject({ available: 1 });
    expect(await level(other)).toMatchObject({ available: 2 });
  });

  it.each(["REDIS_BUFFER_URL", "MYSQL_URL"] as const)(
    "stays owed while %s cannot be reached, and no hold waits for it",
    async (name) => {
      const sku = await onSale({ onHand: 5 });
      await publishNow(sku);
      cut(name);
      const held = await stock(sku).hold({ holdId: "a", quantity: 2, ttlMs: 60_000 });
      expect(held).toMatchObject({ ok: true });
      await publishNow(sku);
      expect(await isDue(sku)).toBe(true);

      await evictDurableObject(stock(sku));
      vi.restoreAllMocks();
      await publishNow(sku);
      expect(await buffered(sku)).toMatchObject({ available: 3 });
      expect(await level(sku)).toMatchObject({ available: 3 });
      expect(await isDue(sku)).toBe(false);
    },
  );

  it("reaches the systems that are up while another is down", async () => {
    const sku = await stocked(5);
    cut("MYSQL_URL");
    await publishNow(sku);
    expect(await buffered(sku)).toMatchObject({ available: 5 });
  });
});

describe("readAvailability", () => {
  it("asks Redis once for all, and no object", async () => {
    const skus = [await stocked(1), await stocked(2)];
    for (const sku of skus) await publishNow(sku);
    const io = testIo();
    const found = await readAvailability(io, env, skus);
    expect([...found.values()].map(({ available }) => available)).toEqual([1, 2]);
    expect(io.meter.steps.map(({ kind }) => kind)).toEqual(["redis"]);
  });

  it("asks the objects for what Redis has lost, and Redis has it again", async () => {
    const sku = await stocked(7);
    await publishNow(sku);
    await testIo().redis("buffer", (client) => client.del(bufferKey(sku)));
    expect((await readAvailability(testIo(), env, [sku])).get(sku)).toMatchObject({ available: 7 });
    await publishNow(sku);
    expect(await buffered(sku)).toMatchObject({ available: 7 });
  });

  it("does not believe what is no offer", async () => {
    const sku = await stocked(7);
    await publishNow(sku);
    await testIo().redis("buffer", (client) => client.set(bufferKey(sku), "nonsense"));
    expect((await readAvailability(testIo(), env, [sku])).get(sku)).toMatchObject({ available: 7 });
    await publishNow(sku);
    expect(await buffered(sku)).toMatchObject({ available: 7 });
  });

  it("asks the objects while Redis is down", async () => {
    const sku = await stocked(7);
    await publishNow(sku);
    cut("REDIS_BUFFER_URL");
    const io = testIo();
    expect((await readAvailability(io, env, [sku])).get(sku)).toMatchObject({ available: 7 });
    expect(io.meter.roundTrips).toBe(2);
    expect(await isDue(sku)).toBe(false);
  });

  it("answers 0 for a SKU that nobody stocks", async () => {
    const sku = freshSku();
    const found = await readAvailability(testIo(), env, [sku]);
    expect(found.get(sku)).toEqual({ sku, available: 0, backorder: false });
  });
});

describe("availabilityNow", () => {
  it("sees a hold at once, in one step", async () => {
    const sku = await stocked(5);
    await publishNow(sku);
    await stock(sku).hold({ holdId: "a", quantity: 5, ttlMs: 60_000 });
    const io = testIo();
    expect((await availabilityNow(io, env, [sku])).get(sku)).toMatchObject({ available: 0 });
    expect(io.meter.steps.map(({ kind }) => kind)).toEqual(["object"]);
  });
});
