import { type CartOwner, type CheckoutCart, cartForCheckout } from "../cart/index.ts";
import { findVariants } from "../catalog/index.ts";
import { readAvailability } from "../inventory/index.ts";
import type { Io } from "../platform/io/io.ts";
import { accountKey, gatherOffers, guestKey } from "../promotions/index.ts";
import type { CheckoutRecord } from "./checkout-store.ts";
import type { CheckoutEnv } from "./saga-deps.ts";
import type { CartFacts } from "./validate.ts";

/**
 * Prices, stock and what the codes are worth, side by side. One round trip.
 *
 * @param isBinding reads the automatic rules anew too. A first quote need not: what is charged is
 * compared with the truth when it is charged.
 */
export async function gatherQuoteFacts(
  io: Io,
  env: CheckoutEnv,
  owner: CartOwner,
  { checkoutId, cartId, lines, coupons, vouchers: stored }: CheckoutCart,
  email: string,
  isBinding: boolean,
): Promise<CartFacts> {
  const skus = lines.map(({ sku }) => sku);
  const vouchers = stored.map(({ voucherId }) => voucherId);
  const shopper = owner.kind === "user" ? accountKey(owner.userId) : await guestKey(email);
  const usage = { codes: coupons, shopper };
  const [variants, stock, offers] = await Promise.all([
    findVariants(io.sql, skus, io.clock.nowMs()),
    readAvailability(io, env, skus),
    gatherOffers(io, env, { coupons, vouchers, usage, isBinding }),
  ]);
  return { checkoutId, cartId, owner, lines, variants, stock, coupons, vouchers, offers, shopper };
}

/** The facts for a new quote, from inside the object: when the old one no longer holds. */
export async function regather(
  env: CheckoutEnv,
  io: Io,
  { checkoutId, owner, contact }: CheckoutRecord,
): Promise<CartFacts | undefined> {
  const cart = await cartForCheckout(io, env, owner);
  if (!cart.ok || cart.value.checkoutId !== checkoutId) return undefined;
  return gatherQuoteFacts(io, env, owner, cart.value, contact.email, true);
}
