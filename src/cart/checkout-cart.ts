import type { Io } from "../platform/io/io.ts";
import type { CheckoutId } from "../shared/ids.ts";
import type { Result } from "../shared/result.ts";
import { cartHints } from "./cart-hints.ts";
import { type CartOwner, type CheckoutCart, ownerName } from "./model.ts";
import { type CartEnv, cartStub } from "./stub.ts";
import type { Bought } from "./without-bought.ts";

/** A checkout may run inside an object, which has its own view of the world but no request's. */
type Metered = Pick<Io, "meter">;

/**
 * What a checkout starts from. Until its checkout is completed or replaced, a cart answers the same
 * `checkoutId`, so that two tabs and a retry drive one purchase.
 */
export const cartForCheckout = (
  io: Metered,
  env: CartEnv,
  owner: CartOwner,
): Promise<Result<CheckoutCart, { code: "cart_unknown" | "cart_empty" }>> =>
  io.meter.step("object", async () => cartStub(env, owner).openCheckout());

/**
 * Removes exactly the bought quantities and the codes they used up, once per checkout; what was added
 * since stays. The next
 * checkout of this cart gets a new id.
 */
export async function clearBought(
  io: Metered,
  env: CartEnv,
  owner: CartOwner,
  checkoutId: CheckoutId,
  bought: Bought,
): Promise<void> {
  await io.meter.step("object", async () => cartStub(env, owner).clearBought(checkoutId, bought));
  cartHints.forget(ownerName(owner));
}

/** Forgets a checkout that was canceled, if it is still the open one. */
export async function replaceCheckout(
  io: Metered,
  env: CartEnv,
  owner: CartOwner,
  checkoutId: CheckoutId,
): Promise<void> {
  await io.meter.step("object", async () => cartStub(env, owner).forgetCheckout(checkoutId));
}
