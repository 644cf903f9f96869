import type { Meter } from "../platform/telemetry/meter.ts";
import type { Sku } from "../shared/ids.ts";
import { asWeather } from "./shards/remote-ports.ts";
import { type InventoryEnv, skuStock } from "./stub.ts";

export type OpeningStock = {
  sku: Sku;
  quantity: number;
  backorder: boolean;
  movementId: string;
};

const AT_ONCE_MAX = 50;

/**
 * Gives new SKUs their first stock and their backorder policy. Idempotent by `movementId`.
 *
 * @throws DependencyDown when an object could not be asked; repeat the call with the same items.
 */
export async function receiveStock(
  env: InventoryEnv,
  meter: Meter,
  items: readonly OpeningStock[],
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const { sku, ...opening } of queue) {
      await meter.step("object", async () => skuStock(env, sku).openStock(opening));
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE_MAX, items.length) }, worker));
  } catch (error) {
    throw asWeather(error);
  }
}
