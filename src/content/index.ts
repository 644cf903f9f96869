export { sweepPurges } from "./publish-purges.ts";
