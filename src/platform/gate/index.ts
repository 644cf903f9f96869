export { addressClaim } from "./address-claim.ts";
export { countedAs, isUnlimited } from "./counted-as.ts";
export { crossOrigin, PIPELINE_HEADERS } from "./cross-origin.ts";
export { knownVersion } from "./known-version.ts";
export { jsonOnly, limitBody } from "./limit-body.ts";
export { pace, paceByMethod } from "./pace.ts";
export { refuseBlocked, viewEdge } from "./refuse-blocked.ts";
export { QUEUES_FULL_FLAG, shedLoad } from "./shed-load.ts";
