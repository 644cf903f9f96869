export * from "./model.ts";
export { openProcessors, type Processors } from "./open-processors.ts";
