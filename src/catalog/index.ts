export { findVariants } from "./find-variants.ts";
export type { ReceiveStock, StockReceipt, VariantInfo } from "./model.ts";
export { setInStock } from "./set-in-stock.ts";
