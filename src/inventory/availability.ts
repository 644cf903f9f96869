import { weatherBehind } from "../platform/dependency.ts";
import type { Io } from "../platform/io/io.ts";
import type { Sku } from "../shared/ids.ts";
import type { Availability, LocatedAvailability } from "./model.ts";
import { BufferedOffer, bufferKey } from "./publish-offer.ts";
import { asWeather } from "./shards/remote-ports.ts";
import { type InventoryEnv, skuStock } from "./stub.ts";

/**
 * What may be sold of each SKU, at most about a second old. One round trip to Redis; the objects
 * answer for what Redis does not know, and for everything while it is down. A SKU that nobody stocks
 * has 0 available.
 */
export async function readAvailability(
  io: Io,
  env: InventoryEnv,
  skus: readonly Sku[],
): Promise<Map<Sku, Availability>> {
  const buffered = await readBuffer(io, [...new Set(skus)]);
  const found = buffered ?? new Map<Sku, Availability>();
  const missing = skus.filter((sku) => !found.has(sku));
  // Only a Redis that answered has lost its copies; one that is down gets them back when it is up.
  const refill = buffered !== undefined;
  for (const [sku, offer] of await askObjects(io, env, missing, refill)) found.set(sku, offer);
  return found;
}

/** What may be sold of each SKU at this moment, from the objects themselves. */
export const availabilityNow = (
  io: Io,
  env: InventoryEnv,
  skus: readonly Sku[],
): Promise<Map<Sku, Availability>> => askObjects(io, env, skus, false);

/**
 * What each location can give of each SKU at this moment, from the objects: one step. A SKU that nobody
 * stocks has no locations.
 *
 * @throws DependencyDown when an object could not be asked.
 */
export function availabilityByLocation(
  io: Io,
  env: InventoryEnv,
  skus: readonly Sku[],
): Promise<Map<Sku, LocatedAvailability>> {
  return askEach(io, skus, (sku) => skuStock(env, sku).availabilityByLocation());
}

async function readBuffer(
  io: Io,
  skus: readonly Sku[],
): Promise<Map<Sku, Availability> | undefined> {
  if (skus.length === 0) return new Map();
  try {
    const entries = await io.redis("buffer", (client) =>
      client.mget<unknown[]>(...skus.map(bufferKey)),
    );
    return new Map(
      skus.flatMap((sku, index) => {
        const entry = BufferedOffer.safeParse(entries[index]);
        if (!entry.success) return [];
        const { available, backorder } = entry.data;
        return [[sku, { sku, available, backorder }] as const];
      }),
    );
  } catch (error) {
    if (weatherBehind(error)) return undefined;
    throw error;
  }
}

const askObjects = (
  io: Io,
  env: InventoryEnv,
  skus: readonly Sku[],
  refill: boolean,
): Promise<Map<Sku, Availability>> =>
  askEach(io, skus, (sku) => skuStock(env, sku).availability({ refill }));

async function askEach<T extends Availability>(
  io: Io,
  skus: readonly Sku[],
  ask: (sku: Sku) => Promise<T>,
): Promise<Map<Sku, T>> {
  const asked = [...new Set(skus)].map(async (sku) => {
    try {
      return [sku, await io.meter.step("object", () => ask(sku))] as const;
    } catch (error) {
      throw asWeather(error);
    }
  });
  return new Map(await Promise.all(asked));
}
