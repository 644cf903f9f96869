import type { CheckoutId } from "../shared/ids.ts";
import type { CheckoutObject } from "./object.ts";

export type CheckoutBindings = { CHECKOUT: DurableObjectNamespace<CheckoutObject> };

/** A new stub per call: one that has failed once may stay broken. */
export const checkoutStub = (
  env: CheckoutBindings,
  id: CheckoutId,
): DurableObjectStub<CheckoutObject> => env.CHECKOUT.getByName(id);
