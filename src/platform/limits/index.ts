export { LimiterObject } from "./object.ts";
export { attempts, guesses, quota } from "./policy.ts";
export { rateLimited } from "./rate-limited.ts";
export {
  type Claim,
  type LimiterBinding,
  type RateLimited,
  settleTries,
  type Tries,
  takeTries,
  vouch,
} from "./take-tries.ts";
