import type { InventoryEnv } from "../inventory/index.ts";
import type { PromotionsEnv } from "../promotions/index.ts";
import { type CartOwner, ownerName } from "./model.ts";
import type { CartObject } from "./object.ts";

export type CartBinding = { CART: DurableObjectNamespace<CartObject> };
export type CartEnv = InventoryEnv & PromotionsEnv & CartBinding;

/** A new stub per call: one that has failed once may stay broken. */
export const cartStub = (env: CartBinding, owner: CartOwner): DurableObjectStub<CartObject> =>
  env.CART.getByName(ownerName(owner));

/** Where it is told that a cart was left behind. */
export const commsQueue = (env: { COMMS_QUEUE: Queue }): Queue => env.COMMS_QUEUE;
