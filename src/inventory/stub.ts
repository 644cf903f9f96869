import type { Sku } from "../shared/ids.ts";
import type { SkuStockObject } from "./object.ts";

export type InventoryEnv = { SKU_STOCK: DurableObjectNamespace<SkuStockObject> };

/** A new stub per call: one that has failed once may stay broken. */
export const skuStock = (env: InventoryEnv, sku: Sku): DurableObjectStub<SkuStockObject> =>
  env.SKU_STOCK.getByName(sku);
