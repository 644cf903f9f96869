import { type CartOwner, cartForCheckout } from "../cart/index.ts";
import type { Io } from "../platform/io/io.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { gatherQuoteFacts } from "./gather-quote-facts.ts";
import type { CheckoutContact } from "./model.ts";
import type { Reply } from "./replies.ts";
import type { Repeatable } from "./requests.ts";
import type { CheckoutEnv } from "./saga-deps.ts";
import { type CheckoutBindings, checkoutStub } from "./stub.ts";

/**
 * Quotes the caller's cart. Three round trips: the cart, then prices, stock and codes side by side, then the
 * checkout that keeps the quote.
 */
export async function validateCheckout(
  io: Io,
  env: CheckoutEnv & CheckoutBindings,
  owner: CartOwner,
  contact: CheckoutContact,
  repeatable: Repeatable,
): Promise<Result<Reply, { code: "cart_unknown" }>> {
  const cart = await cartForCheckout(io, env, owner);
  if (!cart.ok) return err({ code: "cart_unknown" });
  const { checkoutId } = cart.value;
  const facts = await gatherQuoteFacts(io, env, owner, cart.value, contact.email, false);
  const reply = await io.meter.step("object", async () =>
    checkoutStub(env, checkoutId).validate({ ...repeatable, facts, contact }),
  );
  return ok(reply);
}
