import { weatherBehind } from "../platform/dependency.ts";
import type { Io } from "../platform/io/io.ts";
import type { Sku } from "../shared/ids.ts";
import { asWeather } from "./hold-stock.ts";
import type { Availability } from "./model.ts";
import { BufferedOffer, bufferKey } from "./publish-offer.ts";
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

async function askObjects(
  io: Io,
  env: InventoryEnv,
  skus: readonly Sku[],
  refill: boolean,
): Promise<Map<Sku, Availability>> {
  const asked = [...new Set(skus)].map(async (sku) => {
    try {
      const call = async () => skuStock(env, sku).availability({ refill });
      const { available, backorder } = await io.meter.step("object", call);
      return [sku, { sku, available, backorder }] as const;
    } catch (error) {
      throw asWeather(error);
    }
  });
  return new Map(await Promise.all(asked));
}
