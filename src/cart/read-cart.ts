import type { Io } from "../platform/io/io.ts";
import { err, type Result } from "../shared/result.ts";
import { cartHints } from "./cart-hints.ts";
import { gatherAll, joinGathered } from "./gather-all.ts";
import { missingFacts } from "./missing-facts.ts";
import { type CartError, type CartOwner, type CartView, holdingsOf, ownerName } from "./model.ts";
import { priceCart } from "./price-cart.ts";
import { type CartEnv, cartStub } from "./stub.ts";

const NOTHING = { skus: [], coupons: [], vouchers: [] };

/**
 * Shows a cart at today's prices. One round trip where this isolate guesses rightly what the cart
 * holds; a second one fetches what it did not guess.
 */
export async function readCart(
  io: Io,
  env: CartEnv,
  owner: CartOwner,
): Promise<Result<CartView, CartError>> {
  const name = ownerName(owner);
  const [cart, guessed] = await Promise.all([
    io.meter.step("object", async () => cartStub(env, owner).view()),
    gatherAll(io, env, cartHints.get(name) ?? NOTHING),
  ]);
  if (!cart) {
    cartHints.forget(name);
    return err({ code: "cart_unknown" });
  }
  const holds = holdingsOf(cart);
  cartHints.set(name, holds);
  const missing = missingFacts(holds, guessed.facts, guessed.offers);
  const { facts, offers } = missing
    ? joinGathered(guessed, await gatherAll(io, env, missing))
    : guessed;
  return priceCart(cart, facts, offers);
}
