export { availabilityByLocation, availabilityNow, readAvailability } from "./availability.ts";
export {
  commitAll,
  holdAll,
  movementsOf,
  releaseAll,
  restock,
  takeBackAll,
} from "./hold-stock.ts";
export type { StockLocation } from "./locations/model.ts";
export { listLocations, placesOf } from "./locations/store.ts";
export {
  Availability,
  LedgerEntry,
  type LocatedAvailability,
  type Shortage,
  type StockLine,
} from "./model.ts";
export { SkuStockObject } from "./object.ts";
export { inventoryOperationsRoutes } from "./operations-routes.ts";
export { receiveStock } from "./receive-stock.ts";
export { inventoryRoutes } from "./routes.ts";
export { StockShardObject } from "./shards/object.ts";
export type { InventoryEnv } from "./stub.ts";
