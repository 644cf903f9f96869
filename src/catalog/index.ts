export { CatalogEvent } from "./events.ts";
export { findVariants } from "./find-variants.ts";
export { mediaRoutes } from "./media-routes.ts";
export type { ReceiveStock, StockReceipt, VariantInfo } from "./model.ts";
export { catalogOperationsRoutes } from "./operations-routes.ts";
export { catalogRoutes } from "./routes.ts";
export { setInStock } from "./set-in-stock.ts";
export { catalogV1Routes } from "./v1-routes.ts";
