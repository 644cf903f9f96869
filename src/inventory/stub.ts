import type { Sku } from "../shared/ids.ts";
import type { SkuStockObject } from "./object.ts";
import { objectName, type Place, WHOLE } from "./shards/layout.ts";
import type { StockShardObject } from "./shards/object.ts";

export type InventoryEnv = {
  SKU_STOCK: DurableObjectNamespace<SkuStockObject>;
  SKU_SHARD: DurableObjectNamespace<StockShardObject>;
};

/** A new stub per call: one that has failed once may stay broken. */
export const skuStock = (env: InventoryEnv, sku: Sku): DurableObjectStub<SkuStockObject> =>
  env.SKU_STOCK.getByName(sku);

export const stockShard = (
  env: Pick<InventoryEnv, "SKU_SHARD">,
  sku: Sku,
  place: Place,
): DurableObjectStub<StockShardObject> => env.SKU_SHARD.getByName(objectName(sku, place));

/** Where holds of a SKU are kept. */
export const stockAt = (env: InventoryEnv, sku: Sku, place: Place) =>
  place === WHOLE ? skuStock(env, sku) : stockShard(env, sku, place);
