import "./workers-stand-in.ts";
import { type Violation, violationsIn } from "../evidence/checkers.ts";
import type { Bug } from "./bugs.ts";
import type { Coverage } from "./faults.ts";
import type { Shopper as ShopperType } from "./shopper.ts";
import type { World as WorldType } from "./world.ts";

// After the stand-in: the modules behind these need it.
const { Shopper } = await import("./shopper.ts");
const { World } = await import("./world.ts");

export type WorldRun = {
  seed: number;
  checkouts: number;
  orders: number;
  digest: string;
  violations: Violation[];
};

const RUSH_MS = 90_000;
const TICK_MS = 5_000;
/** After the last fault: alarms rest a minute at most, messages twenty seconds. */
const HEAL_MS = 15 * 60_000;
const TTL_MS_MAX = 60 * 60_000;
/** A minute each; one asks on the way and one may still be answered. */
const TRY_BACK_MS = 3 * 60_000;

/** Runs one world to the end, lets it heal, and checks what it left behind. */
export async function runWorld(options: {
  seed: number;
  checkouts: number;
  bug?: Bug | undefined;
  coverage: Coverage;
}): Promise<WorldRun> {
  const { seed, checkouts } = options;
  const world = new World(options);
  const realNow = Date.now;
  const realError = console.error;
  // Each fault that the product notices is a line in its log, and there are thousands.
  console.error = () => {};
  // The product's objects read the clock themselves.
  Date.now = () => world.timeline.nowMs + world.skewMs();
  try {
    await world.open(checkouts);
    const shoppers = arrivals(world, checkouts);
    await rush(world);
    await heal(world);
    const last = await lastBuyers(world, checkouts);
    await askAgain(world, [...shoppers, ...last]);
    tell(world);
  } finally {
    Date.now = realNow;
    console.error = realError;
  }
  const database = world.evidence.toDatabase();
  const violations = violationsIn(database, seed);
  const { n } = database.prepare("SELECT COUNT(*) AS n FROM orders").get() as { n: number };
  database.close();
  world.close();
  return { seed, checkouts, orders: n, digest: world.digest(), violations };
}

function arrivals(world: WorldType, checkouts: number): ShopperType[] {
  const { random, timeline } = world;
  return Array.from({ length: checkouts }, (_, n) => {
    const shopper = enter(world, n);
    const skus = new Set(
      Array.from({ length: random.between(1, 3) }, () => random.pick(world.skus)),
    );
    const wanted = [...skus].map((sku) => ({ sku, quantity: random.between(1, 2) }));
    timeline.after(random.between(0, RUSH_MS), () => void shopper.buy(wanted));
    return shopper;
  });
}

/** Few people for many checkouts, so that limits per shopper bind. */
function enter(world: WorldType, n: number, name = `shopper_${n % 40}`): ShopperType {
  const shopper = new Shopper(world, n, name);
  world.hosts.set(shopper.host.checkoutId, shopper);
  return shopper;
}

async function rush(world: WorldType): Promise<void> {
  const { timeline, random } = world;
  const endMs = timeline.nowMs + RUSH_MS + 60_000;
  while (timeline.nowMs < endMs) {
    await timeline.advanceTo(timeline.nowMs + TICK_MS);
    world.queue.sweep();
    void world.consumers.reconcile();
    world.jumpClock();
    world.resplit();
    if (random.chance(0.3)) world.shop.raisePrice(random.pick(world.skus));
    world.stock.snapshot(world.evidence, false);
  }
}

async function heal(world: WorldType): Promise<void> {
  const { timeline, wire } = world;
  wire.isHealed = true;
  const endMs = timeline.nowMs + HEAL_MS;
  while (timeline.nowMs < endMs) {
    await timeline.advanceTo(timeline.nowMs + TICK_MS * 4);
    world.queue.sweep();
    void world.consumers.reconcile();
  }
  // Before any hold could have run out by itself: what an attempt left behind shows here.
  world.stock.snapshot(world.evidence, true);
}

/** Nobody may be refused while something is free, once all is quiet. */
async function lastBuyers(world: WorldType, checkouts: number): Promise<ShopperType[]> {
  const { timeline, skus, evidence, stock } = world;
  await timeline.advanceTo(timeline.nowMs + TTL_MS_MAX);
  const buyers: ShopperType[] = [];
  for (const [n, sku] of skus.entries()) {
    const buyer = enter(world, checkouts + n, `late_${n}`);
    const available = stock.available(sku);
    void buyer.buy([{ sku, quantity: 1 }]);
    await timeline.advanceTo(timeline.nowMs + HEAL_MS / 3);
    const isRefused = buyer.lastBody === "insufficient_stock";
    evidence.add("last_buyers", sku, Number(isRefused), available);
    buyers.push(buyer);
  }
  return buyers;
}

async function askAgain(world: WorldType, shoppers: readonly ShopperType[]): Promise<void> {
  const { timeline } = world;
  for (const shopper of shoppers) {
    // By then the limit lets one more through: who is refused again is refused for ever.
    const wasLimited = shopper.lastBody === "rate_limited";
    if (wasLimited) await timeline.advanceTo(timeline.nowMs + TRY_BACK_MS);
    void shopper.askAgain();
  }
  await timeline.advanceTo(timeline.nowMs + HEAL_MS);
  world.queue.sweep();
  await timeline.advanceTo(timeline.nowMs + HEAL_MS);
}

function tell(world: WorldType): void {
  const { evidence, stock, codes, log, shop } = world;
  stock.snapshot(evidence, false);
  stock.tell(evidence);
  world.tellLimits();
  codes.tell(evidence);
  log.tell(evidence);
  for (const [key, step] of world.attempts) evidence.add("steps", key, step);
  for (const { host, cart, name } of world.hosts.values()) {
    const order = log.find(host.orderId);
    if (order) cart.expectBought(shop.quoteOf(order.placed.quoteId).lines);
    for (const sku of world.skus) {
      const [expected, actual] = [cart.expected.get(sku) ?? 0, cart.lines.get(sku) ?? 0];
      evidence.add("carts", name, sku, expected, actual);
    }
  }
}
