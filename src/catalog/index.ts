export { findVariants } from "./find-variants.ts";
export type { VariantInfo } from "./model.ts";
export { setInStock } from "./set-in-stock.ts";
