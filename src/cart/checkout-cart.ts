import { DependencyDown } from "../platform/dependency.ts";
import type { Io } from "../platform/io/io.ts";
import type { CheckoutId } from "../shared/ids.ts";
import type { Result } from "../shared/result.ts";
import { cartHints } from "./cart-hints.ts";
import { deliverMerge, endAt, type MergeIo } from "./deliver-merge.ts";
import { type CartOwner, type CheckoutCart, ownerName } from "./model.ts";
import type { Cleared } from "./object.ts";
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

/** A merge that ends between two looks may at most once have given the lines back. */
const LOOKS_MAX = 3;

/**
 * Removes exactly the bought quantities and the codes they used up, once per checkout; what was added
 * since stays. The next checkout of this cart gets a new id. Where a guest's cart was merged while its
 * payment ran, what was bought is taken out of the shopper's cart.
 */
export async function clearBought(
  io: MergeIo,
  env: CartEnv,
  owner: CartOwner,
  checkoutId: CheckoutId,
  bought: Bought,
): Promise<void> {
  const clear = (whose: CartOwner) =>
    io.meter.step("object", async () => cartStub(env, whose).clearBought(checkoutId, bought));
  let at = owner;
  for (let look = 1; look <= LOOKS_MAX; look += 1) {
    const cleared: Cleared = await clear(at);
    cartHints.forget(ownerName(at));
    if (cleared.kind === "done") return;
    if (cleared.kind === "moved") at = { kind: "user", userId: cleared.userId };
    else await deliverMerge(io, env, cleared.merge, endAt(io, env, at));
  }
  throw new DependencyDown("object", new Error("a cart is being merged again and again"));
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
