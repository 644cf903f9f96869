export { authenticate, requireShopper } from "./authenticate.ts";
export { sweepRevocations } from "./sessions/tell-revocations.ts";
