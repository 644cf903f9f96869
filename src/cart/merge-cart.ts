import type { Io } from "../platform/io/io.ts";
import { err, type Result } from "../shared/result.ts";
import { cartHints } from "./cart-hints.ts";
import { deliverMerge, endAt } from "./deliver-merge.ts";
import { gatherAll, joinGathered } from "./gather-all.ts";
import { missingFacts } from "./missing-facts.ts";
import {
  type CartError,
  type CartHoldings,
  type CartOwner,
  type CartView,
  holdingsOf,
  ownerName,
} from "./model.ts";
import { emptyCart, priceCart } from "./price-cart.ts";
import { readCart } from "./read-cart.ts";
import { type CartEnv, cartStub } from "./stub.ts";

const NOTHING: CartHoldings = { skus: [], coupons: [], vouchers: [] };

/**
 * Puts a guest's cart into a shopper's own and answers that one. Merging again changes nothing. A cart
 * that went to another shopper, or was given back because it does not fit, is told apart: the first is
 * unknown, the second refused with the guest's cart as it was. Three round trips.
 */
export async function mergeCart(
  io: Io,
  env: CartEnv,
  guest: CartOwner & { kind: "guest" },
  user: CartOwner & { kind: "user" },
): Promise<Result<CartView, CartError>> {
  const begun = await io.meter.step("object", async () =>
    cartStub(env, guest).beginMerge(user.userId),
  );
  if (!begun.ok) return err(begun.error);
  if (begun.value.state === "moved") return readOwn(io, env, user);

  const moving = { ...begun.value, userId: user.userId };
  const own = cartHints.get(ownerName(user)) ?? NOTHING;
  const [taken, guessed] = await Promise.all([
    deliverMerge(io, env, moving, endAt(io, env, guest)),
    gatherAll(io, env, joinHoldings(own, holdingsOf(moving.contents))),
  ]);
  if (!taken.ok) return taken;
  cartHints.forget(ownerName(guest));
  const holds = holdingsOf(taken.value);
  cartHints.set(ownerName(user), holds);
  const missing = missingFacts(holds, guessed.facts, guessed.offers);
  const { facts, offers } = missing
    ? joinGathered(guessed, await gatherAll(io, env, missing))
    : guessed;
  return priceCart(taken.value, facts, offers);
}

async function readOwn(
  io: Io,
  env: CartEnv,
  user: CartOwner,
): Promise<Result<CartView, CartError>> {
  const cart = await readCart(io, env, user);
  const isGone = !cart.ok && cart.error.code === "cart_unknown";
  return isGone ? { ok: true, value: emptyCart(io.config.STORE_CURRENCY) } : cart;
}

const joinHoldings = (left: CartHoldings, right: CartHoldings): CartHoldings => ({
  skus: [...new Set([...left.skus, ...right.skus])],
  coupons: [...new Set([...left.coupons, ...right.coupons])],
  vouchers: [...new Set([...left.vouchers, ...right.vouchers])],
});
