import { type CartOwner, type CheckoutCart, cartForCheckout } from "../cart/index.ts";
import { findVariants } from "../catalog/index.ts";
import {
  availabilityByLocation,
  listLocations,
  placesOf,
  readAvailability,
} from "../inventory/index.ts";
import type { Io } from "../platform/io/io.ts";
import { accountKey, gatherOffers, guestKey } from "../promotions/index.ts";
import type { CheckoutRecord } from "./checkout-store.ts";
import { STANDARD_DELIVERY } from "./delivery/plan-shipments.ts";
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
  cart: CheckoutCart,
  email: string,
  isBinding: boolean,
): Promise<CartFacts> {
  const { checkoutId, cartId, lines, coupons, vouchers: stored } = cart;
  const skus = lines.map(({ sku }) => sku);
  const vouchers = stored.map(({ voucherId }) => voucherId);
  const shopper = owner.kind === "user" ? accountKey(owner.userId) : await guestKey(email);
  const usage = { codes: coupons, shopper };
  const [variants, { stock, delivery }, offers] = await Promise.all([
    findVariants(io.sql, skus, io.clock.nowMs()),
    gatherStock(io, env, cart),
    gatherOffers(io, env, { coupons, vouchers, usage, isBinding }),
  ]);
  const priced = { lines, variants, stock, delivery, coupons, vouchers, offers };
  return { checkoutId, cartId, owner, shopper, ...priced };
}

/** The stock of a cart: a sum that is about a second old, or what lies where now. One round trip. */
async function gatherStock(io: Io, env: CheckoutEnv, { mode, postalCode, lines }: CheckoutCart) {
  const skus = lines.map(({ sku }) => sku);
  if (mode === "standard") {
    return { stock: await readAvailability(io, env, skus), delivery: STANDARD_DELIVERY };
  }
  const [locations, located] = await Promise.all([
    listLocations(io.sql),
    availabilityByLocation(io, env, skus),
  ]);
  const delivery = { mode, postalCode, ...placesOf(locations), stock: located };
  return { stock: new Map(), delivery };
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
