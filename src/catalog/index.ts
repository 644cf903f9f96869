export { findVariants } from "./find-variants.ts";
export type { VariantInfo } from "./model.ts";
export { PriceClockObject } from "./object.ts";
export type { RecordedEvent } from "./outbox.ts";
export { publishCatalogEvents, sweepCatalogOutbox } from "./publish-events.ts";
export { setInStock } from "./set-in-stock.ts";
