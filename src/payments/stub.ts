import type { ProcessorName } from "./model.ts";
import type { BreakerObject } from "./object.ts";

/** What a Worker needs to share the circuits; others than the storefront bind it by `script_name`. */
export type BreakerBinding = { BREAKER: DurableObjectNamespace<BreakerObject> };

/** A new stub per call: one that has failed once may stay broken. */
export const breakerStub = (
  env: BreakerBinding,
  processor: ProcessorName,
): DurableObjectStub<BreakerObject> => env.BREAKER.getByName(processor);
