import type { Meter } from "../platform/telemetry/meter.ts";
import { assert } from "../shared/assert.ts";
import type { Sku } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import {
  type CommitResult,
  type Hold,
  type HoldResult,
  type LedgerEntry,
  type ReleaseResult,
  type Shortage,
  type StockLine,
  type StockTake,
  takeBackMovement,
  type Want,
} from "./model.ts";
import { askKeeper } from "./shards/ask-keeper.ts";
import { asWeather } from "./shards/remote-ports.ts";
import { type InventoryEnv, skuStock } from "./stub.ts";

type HeldAll = Result<
  { expiresAtMs: number; takes: StockTake[] },
  { code: "insufficient_stock"; shortages: Shortage[] }
>;

type OrderHold = {
  holdId: string;
  lines: readonly StockLine[];
  ttlMs: number;
  buyer?: string | undefined;
  startedAtMs?: number | undefined;
};
/** `buyer` as at the hold, where it is known: it spares a sharded SKU with a limit a search. */
type OrderEnd = { holdId: string; skus: readonly Sku[]; buyer?: string | undefined };

/**
 * Holds every SKU of an order or none, in parallel, for `ttlMs` milliseconds. A line may say `from`
 * where its units shall come; `takes` says where they were taken. `buyer` is whom limits per shopper
 * count, `startedAtMs` when the id was first used. Idempotent by `holdId`.
 * An id is never held twice: where it was released or has expired already, that SKU is reported
 * among the shortages with what is available now, and the caller starts over with a new id.
 *
 * @throws DependencyDown when an object could not be asked. Some SKUs may then be held: the caller
 * calls `releaseAll` or repeats this call; what nobody ends expires.
 */
export async function holdAll(
  env: InventoryEnv,
  meter: Meter,
  { holdId, lines, ttlMs, buyer, startedAtMs }: OrderHold,
): Promise<HeldAll> {
  const quantities = sumBySku(lines);
  const results = await each([...quantities], async ([sku, quantity]) => {
    const wants = wantsFor(sku, lines);
    const hold: Hold = {
      holdId,
      quantity,
      ttlMs,
      ...(wants && { wants }),
      ...(buyer !== undefined && { buyer }),
      ...(startedAtMs !== undefined && { startedAtMs }),
    };
    const route = { sku, holdId, buyer };
    const held = await askKeeper<HoldResult>(env, meter, route, (keeper) => keeper.hold(hold));
    return { sku, held };
  });
  const shortages: Shortage[] = [];
  const takes: StockTake[] = [];
  const taken: Sku[] = [];
  let expiresAtMs = Number.POSITIVE_INFINITY;
  for (const { sku, held } of results) {
    if (!held.ok) {
      const { code: _, ...shortage } = held.error;
      shortages.push({ sku, ...shortage });
      continue;
    }
    taken.push(sku);
    takes.push(...held.value.takes.map((take) => ({ sku, ...take })));
    expiresAtMs = Math.min(expiresAtMs, held.value.expiresAtMs);
  }
  if (shortages.length === 0) return ok({ expiresAtMs, takes });
  // Only what was taken is given back: the object that refused is the busy one in a rush.
  await releaseAll(env, meter, { holdId, skus: taken, buyer });
  return err({ code: "insufficient_stock", shortages });
}

/**
 * Sells what a hold reserved. Idempotent. The SKUs named by `hold_lost` could not be sold, because
 * the hold has ended and its units are gone; the others are sold.
 *
 * @throws DependencyDown when an object could not be asked; repeat the call.
 */
export async function commitAll(
  env: InventoryEnv,
  meter: Meter,
  { holdId, skus, buyer }: OrderEnd,
): Promise<Result<null, { code: "hold_lost"; skus: Sku[] }>> {
  const results = await each([...new Set(skus)], async (sku) => {
    const committed = await askKeeper<CommitResult>(env, meter, { sku, holdId, buyer }, (keeper) =>
      keeper.commit(holdId, buyer),
    );
    return { sku, ok: committed.ok };
  });
  const lost = results.filter((result) => !result.ok).map(({ sku }) => sku);
  return lost.length === 0 ? ok(null) : err({ code: "hold_lost", skus: lost });
}

/**
 * Gives back whatever a hold reserved, and bars its id. Idempotent, and safe before the hold arrives.
 *
 * @throws InvariantError when the hold was committed: the caller has lost track of its own order.
 * @throws DependencyDown when an object could not be asked; repeat the call.
 */
export async function releaseAll(
  env: InventoryEnv,
  meter: Meter,
  { holdId, skus, buyer }: OrderEnd,
): Promise<void> {
  await each([...new Set(skus)], async (sku) => {
    const route = { sku, holdId, buyer };
    const released = await askKeeper<ReleaseResult>(env, meter, route, (keeper) =>
      keeper.release(holdId, buyer),
    );
    assert(released.ok, "a committed hold cannot be released");
  });
}

/**
 * Undoes a hold whatever it has come to: what it sold goes back to the shelf once, what it reserved is
 * freed, and a commit that comes later sells nothing. Answers what went back.
 *
 * @throws DependencyDown when an object could not be asked; repeat the call.
 */
export async function takeBackAll(
  env: InventoryEnv,
  meter: Meter,
  { holdId, skus, reason }: { holdId: string; skus: readonly Sku[]; reason: string },
): Promise<StockLine[]> {
  const returned = await each([...new Set(skus)], async (sku) => ({
    sku,
    quantity: await askKeeper<number>(env, meter, { sku, holdId }, (keeper) =>
      keeper.takeBack(holdId, reason),
    ),
  }));
  return returned.filter(({ quantity }) => quantity > 0);
}

type Goods = {
  returnId: string;
  /** The sale that they belong to, and its other returns: they say where the goods go. */
  holdId: string;
  otherReturnIds: readonly string[];
  lines: readonly StockLine[];
  reason: string;
};

/**
 * Puts goods that came back from a customer on the shelves that they were sold from: per SKU one
 * movement, known by `returnId`, so a repeat moves nothing. Unlike `takeBackAll` it may be a part of
 * what was sold.
 *
 * @throws DependencyDown when an object could not be asked; repeat the call.
 */
export async function restock(
  env: InventoryEnv,
  meter: Meter,
  { returnId, holdId, otherReturnIds, lines, reason }: Goods,
): Promise<void> {
  const movementId = restockMovement(returnId);
  const movementIds = otherReturnIds.map(restockMovement);
  await each([...sumBySku(lines)], async ([sku, quantity]) => {
    const back = { movementId, holdId, movementIds, quantity, reason };
    await meter.step("object", async () => skuStock(env, sku).putBack(back));
  });
}

/** The ledger's name of what a return put back. */
const restockMovement = (returnId: string): string => `restock:${returnId}`;

/**
 * What the ledgers of these SKUs say of one sale: its hold, and the returns that followed it.
 *
 * @throws DependencyDown when an object could not be asked.
 */
export async function movementsOf(
  env: InventoryEnv,
  meter: Meter,
  {
    holdId,
    returnIds,
    skus,
  }: { holdId: string; returnIds: readonly string[]; skus: readonly Sku[] },
): Promise<{ sku: Sku; movements: LedgerEntry[] }[]> {
  const movementIds = [takeBackMovement(holdId), ...returnIds.map(restockMovement)];
  return each([...new Set(skus)], async (sku) => ({
    sku,
    movements: await meter.step("object", async () =>
      skuStock(env, sku).movementsOf({ holdId, movementIds }),
    ),
  }));
}

/** Only what names a location has to be told apart from the rest. */
function wantsFor(sku: Sku, lines: readonly StockLine[]): Want[] | undefined {
  const own = lines.filter((line) => line.sku === sku);
  if (own.every(({ from }) => from === undefined)) return undefined;
  return own.map(({ quantity, from }) => ({ quantity, ...(from && { from }) }));
}

function sumBySku(lines: readonly StockLine[]): Map<Sku, number> {
  const sums = new Map<Sku, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return sums;
}

/** Calls one object per item at once, and waits for all before it fails. */
async function each<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const results = await Promise.allSettled(items.map(call));
  return results.map((result) => {
    if (result.status === "fulfilled") return result.value;
    throw asWeather(result.reason);
  });
}
