import type { Io } from "../platform/io/io.ts";
import { err, type Result } from "../shared/result.ts";
import { gatherFacts } from "./gather-facts.ts";
import { type CartError, type CartOwner, type CartView, ownerName } from "./model.ts";
import { priceCart } from "./price-cart.ts";
import { skuHints } from "./sku-hints.ts";
import { type CartEnv, cartStub } from "./stub.ts";

/**
 * Shows a cart at today's prices. One round trip where this isolate guesses the cart's SKUs right;
 * a second one fetches what it did not guess.
 */
export async function readCart(
  io: Io,
  env: CartEnv,
  owner: CartOwner,
): Promise<Result<CartView, CartError>> {
  const name = ownerName(owner);
  const [cart, facts] = await Promise.all([
    io.meter.step("object", async () => cartStub(env, owner).view()),
    gatherFacts(io, env, skuHints.get(name) ?? []),
  ]);
  if (!cart) {
    skuHints.forget(name);
    return err({ code: "cart_unknown" });
  }
  const skus = cart.lines.map(({ sku }) => sku);
  skuHints.set(name, skus);
  const missing = skus.filter((sku) => !facts.has(sku));
  const more = await gatherFacts(io, env, missing);
  return priceCart(cart, new Map([...facts, ...more]));
}
