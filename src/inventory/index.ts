export { availabilityNow, readAvailability } from "./availability.ts";
export { commitAll, holdAll, releaseAll, returnAll } from "./hold-stock.ts";
export { Availability, type Shortage, type StockLine } from "./model.ts";
export { SkuStockObject } from "./object.ts";
export { inventoryOperationsRoutes } from "./operations-routes.ts";
export { type OpeningStock, receiveStock } from "./receive-stock.ts";
export { inventoryRoutes } from "./routes.ts";
export type { InventoryEnv } from "./stub.ts";
