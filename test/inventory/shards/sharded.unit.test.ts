import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { commitAll, holdAll, releaseAll, takeBackAll } from "../../../src/inventory/hold-stock.ts";
import { Heat } from "../../../src/inventory/shards/heat.ts";
import { placeFor } from "../../../src/inventory/shards/layout.ts";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import { assertConserved, totals } from "./invariants.ts";
import { CALM, type Faults, World } from "./world.ts";

const TTL_MS = 20 * 60_000;
const STORM: Faults = { lostRequests: 0.05, lostAnswers: 0.05, copies: 0.05, crashes: 0.01 };
const TRIES_MAX = 60;

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.close();
});

async function worldWith(units: number, seed: number): Promise<World> {
  const world = new World(seed);
  worlds.push(world);
  const opening = { movementId: "open", quantity: units, backorder: false };
  world.whole().openStock(opening);
  return world;
}

/** A caller that repeats until it knows. */
async function surely<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DependencyDown) || tries === TRIES_MAX) throw error;
    }
  }
}

/** Reading every ledger after every step would take longer than the steps. What is wrong stays wrong. */
function sometimes(check: () => void): () => void {
  let steps = 0;
  return () => {
    steps += 1;
    if (steps % 20 === 0) check();
  };
}

type Buy = { holdId: string; quantity: number; buyer?: string; from?: { only: string } };
const holdOf = (world: World, { holdId, quantity, buyer, from }: Buy, startedAtMs?: number) =>
  surely(() =>
    holdAll(world.env, world.meter, {
      holdId,
      lines: [{ sku: world.sku, quantity, ...(from && { from }) }],
      ttlMs: TTL_MS,
      buyer,
      startedAtMs,
    }),
  );
const endOf = (world: World, { holdId, buyer }: Buy) => ({ holdId, skus: [world.sku], buyer });
const commitOf = (world: World, buy: Buy) =>
  surely(() => commitAll(world.env, world.meter, endOf(world, buy)));
const policyOf = async (world: World, shards: number | null) => {
  const set = surely(async () => world.env.SKU_STOCK.getByName(world.sku).setPolicy({ shards }));
  await world.drain();
  return set;
};

describe("a sharded SKU in a storm", () => {
  it("sells everything, to the last unit, when more is wanted than there is", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 5, max: 40 }),
        async (seed, shards, units) => {
          const world = await worldWith(units, seed);
          await policyOf(world, shards);
          world.faults = STORM;
          const startedAtMs = world.nowMs;
          const buyers = Array.from({ length: units + 15 }, async (_, n) => {
            const buy = { holdId: `h${n}`, quantity: 1 };
            const held = await holdOf(world, buy, startedAtMs);
            return held.ok && (await commitOf(world, buy)).ok;
          });
          const all = Promise.all(buyers);
          await world.drain(sometimes(() => assertConserved(world)));
          const bought = (await all).filter(Boolean).length;
          assertConserved(world);
          expect(bought).toBe(units);
          expect(totals(world)).toMatchObject({ sold: units, onHand: 0, held: 0, inFlight: 0 });
        },
      ),
      { numRuns: 25 },
    );
  });

  it("finds units whose delivery was lost, for whoever wants them at another shard", async () => {
    const world = await worldWith(1, 7);
    await policyOf(world, 2);
    const spread = { shards: 2, byBuyer: false };
    const ids = Array.from({ length: 50 }, (_, n) => `h${n}`);
    const at = (place: string) => ids.find((holdId) => placeFor(spread, { holdId }) === place)!;
    // Nobody hears the answer: the shard that asked is dead, and nobody comes to it again.
    const lost = world.whole().supply({ place: "2.0", ask: 1, wants: [[{ quantity: 1 }]] });
    await world.drain();
    expect((await lost).give?.parts).toEqual([{ location: "default", quantity: 1 }]);
    expect(totals(world)).toMatchObject({ inFlight: 1, free: 1 });
    expect(world.whole().availability().available).toBe(1);
    const held = holdOf(world, { holdId: at("2.1"), quantity: 1 });
    await world.drain();
    expect(await held).toMatchObject({ ok: true });
    assertConserved(world);
  });

  it("bars a hold whose release came first, at a shard that nobody had come to before", async () => {
    const world = await worldWith(4, 11);
    await policyOf(world, 2);
    await world.passTime(10_000);
    const stub = world.env.SKU_SHARD.getByName(`${world.sku} 2.1`);
    const released = Promise.resolve(stub.release("late"));
    await world.drain();
    expect(await released).toMatchObject({ ok: true });
    const hold = { holdId: "late", quantity: 1, ttlMs: TTL_MS, startedAtMs: world.nowMs };
    const held = Promise.resolve(stub.hold(hold));
    await world.drain();
    expect(await held).toMatchObject({ ok: false });
    expect(totals(world)).toMatchObject({ held: 0, free: 4 });
  });

  type Step =
    | { kind: "buy"; quantity: number; end: "commit" | "release" | "leave" | "undo"; aged: boolean }
    | { kind: "receive" | "remove"; quantity: number }
    | { kind: "shards"; shards: number }
    | { kind: "time"; ms: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("buy" as const),
        quantity: fc.integer({ min: 1, max: 4 }),
        end: fc.constantFrom("commit", "commit", "release", "leave", "undo"),
        aged: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("receive" as const, "remove" as const),
        quantity: fc.integer({ min: 1, max: 10 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("shards" as const),
        shards: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("time" as const),
        ms: fc.constantFrom(1_000, 10_000, TTL_MS),
      }),
    },
  );

  it("keeps every unit in one ledger or in flight, through crashes and changes of the shards", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        async (seed, batches) => {
          const world = await worldWith(30, seed);
          world.faults = STORM;
          const undone = new Map<string, number>();
          const sold = new Map<string, number>();
          let number = 0;
          const play = async (each: Step, tag: string): Promise<void> => {
            if (each.kind === "shards") {
              const { shards } = each;
              await surely(async () =>
                world.env.SKU_STOCK.getByName(world.sku).setPolicy({ shards }),
              );
              return;
            }
            if (each.kind === "time") return;
            if (each.kind !== "buy") {
              const sign = each.kind === "receive" ? 1 : -1;
              const kind = each.kind === "receive" ? "receive" : "adjust";
              const movement = { movementId: tag, kind, delta: sign * each.quantity } as const;
              const stub = world.env.SKU_STOCK.getByName(world.sku);
              await surely(async () => stub.move({ ...movement, reason: "" }));
              return;
            }
            const buy = { holdId: tag, quantity: each.quantity };
            const held = await holdOf(world, buy, each.aged ? undefined : world.nowMs);
            if (!held.ok) return;
            if (each.end === "release") {
              await surely(() => releaseAll(world.env, world.meter, endOf(world, buy)));
            }
            if (each.end !== "commit" && each.end !== "undo") return;
            const committed = await commitOf(world, buy);
            if (committed.ok) sold.set(tag, each.quantity);
            if (each.end !== "undo") return;
            const undo = { ...endOf(world, buy), reason: "" };
            const back = await surely(() => takeBackAll(world.env, world.meter, undo));
            undone.set(tag, back[0]?.quantity ?? 0);
          };
          for (const batch of batches) {
            const all = Promise.all(batch.map((each) => play(each, `t${number++}`)));
            await world.drain(sometimes(() => assertConserved(world)));
            await all;
            for (const each of batch) if (each.kind === "time") await world.passTime(each.ms);
            assertConserved(world);
          }
          await calmDown(world);
          const entries = world.rows<{ kind: string; quantity: number; reference: string }>(
            "SELECT kind, quantity, reference FROM ledger",
          );
          const booked = (kind: string, reference: string) =>
            entries
              .filter((entry) => entry.kind === kind && entry.reference === reference)
              .reduce((total, { quantity }) => total + quantity, 0);
          for (const [tag, quantity] of sold) expect(booked("commit", tag)).toBe(quantity);
          for (const [tag, quantity] of undone) {
            expect(booked("return", `return:${tag}`)).toBe(quantity);
            if (sold.has(tag)) expect(quantity).toBe(sold.get(tag));
          }
          const { onHand, held, free } = totals(world);
          const view = await calmView(world);
          expect(view).toMatchObject({ onHand, held, available: free });
          expect(world.whole().availability().available).toBe(free);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("a split that nobody declares any more", () => {
  it("ends by itself when the SKU has been quiet, and everything free comes home", async () => {
    const world = await worldWith(40, 3);
    await policyOf(world, 4);
    for (let n = 0; n < 8; n += 1) {
      const held = holdOf(world, { holdId: `h${n}`, quantity: 1 });
      await world.drain();
      expect(await held).toMatchObject({ ok: true });
    }
    await policyOf(world, null);
    await world.passTime(9 * 60_000);
    expect(await calmView(world)).toMatchObject({ shards: 4, declaredShards: null });
    await world.passTime(2 * 60_000);
    expect(await calmView(world)).toMatchObject({ shards: 1, held: 8, available: 32 });
    // The holds lapse at their shards; their units are the whole's to sell.
    await world.passTime(TTL_MS);
    const all = holdOf(world, { holdId: "all", quantity: 40 });
    await world.drain();
    expect(await all).toMatchObject({ ok: true });
    assertConserved(world);
  });
});

describe("Heat", () => {
  it("is hot after a whole busy window, not by a moment's rush, and cools only after long quiet", () => {
    const heat = new Heat(0);
    heat.note(400, 1_000);
    expect(heat.isHot(4_999)).toBe(false);
    expect(heat.isHot(5_000)).toBe(false);
    heat.note(500, 6_000);
    expect(heat.isHot(10_000)).toBe(true);
    expect(heat.coolsAtMs()).toBe(610_000);
    heat.note(100, 11_000);
    expect(heat.isHot(15_000)).toBe(false);
    expect(heat.coolsAtMs()).toBe(615_000);
    heat.note(99, 16_000);
    expect(heat.isHot(20_000)).toBe(false);
    expect(heat.coolsAtMs()).toBe(615_000);
  });
});

/** No more faults; alarms bring everything to rest. */
async function calmDown(world: World): Promise<void> {
  world.faults = CALM;
  await world.passTime(2 * TTL_MS);
  await world.drain(sometimes(() => assertConserved(world)));
}

async function calmView(world: World) {
  const view = Promise.resolve(world.whole().view());
  await world.drain();
  return view;
}
