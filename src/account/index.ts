export { type ErasureEnv, sweepErasures } from "./erase-account.ts";
