import { DependencyDown } from "../../platform/dependency.ts";
import type { Meter } from "../../platform/telemetry/meter.ts";
import type { Sku } from "../../shared/ids.ts";
import { type InventoryEnv, stockAt } from "../stub.ts";
import { type Elsewhere, type HoldRoute, placeFor, type Spread } from "./layout.ts";

/** Enough for the stalest memory; a SKU whose shards change faster than it is asked is in bad weather. */
const HOPS_MAX = 6;
const REMEMBERED_MAX = 1_000;

/**
 * Which SKUs this isolate knows to be sharded. Only a hint: an object that is not the one to ask says
 * who is. So a plain SKU costs one step, a sharded one too once it is known, and nobody looks it up.
 */
const remembered = new Map<Sku, Spread>();

type Keeper = ReturnType<typeof stockAt>;

/** Asks the object that keeps a hold, or would make it, wherever that is. One metered step per object. */
export async function askKeeper<T>(
  env: InventoryEnv,
  meter: Meter,
  { sku, ...route }: HoldRoute & { sku: Sku },
  ask: (keeper: Keeper) => Promise<T | Elsewhere>,
): Promise<T> {
  let place = placeFor(remembered.get(sku) ?? { shards: 0, byBuyer: false }, route);
  for (let hops = 0; hops < HOPS_MAX; hops += 1) {
    const at = place;
    const answer = await meter.step("object", () => ask(stockAt(env, sku, at)));
    if (!isElsewhere(answer)) return answer;
    remember(sku, answer.error.spread);
    place = answer.error.place;
  }
  throw new DependencyDown("object");
}

function remember(sku: Sku, spread: Spread): void {
  remembered.delete(sku);
  if (spread.shards === 0) return;
  remembered.set(sku, spread);
  const [oldest] = remembered.keys();
  if (remembered.size > REMEMBERED_MAX && oldest) remembered.delete(oldest);
}

function isElsewhere<T>(answer: T | Elsewhere): answer is Elsewhere {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return false;
  const { error } = answer as { error?: { code?: unknown } };
  return error?.code === "elsewhere";
}
