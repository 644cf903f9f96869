import { z } from "zod";
import type { Envelope } from "../platform/queues/envelope.ts";
import { timestamp } from "../shared/clock.ts";
import { CartId, EventId } from "../shared/ids.ts";

export const CART_ABANDONED = "cart.abandoned.v1";

/** Names the cart and not its contents: those stand in `cart_snapshots`, marked as expired. */
export const CartAbandoned = z.object({
  cartId: CartId,
  version: z.int().min(1),
  ownerKind: z.enum(["guest", "user"]),
});
export type CartAbandoned = z.infer<typeof CartAbandoned>;

const VERSION_DIGITS = 6;

/** The same cart at the same version is the same event, however often it is sent. */
function abandonedEventId({ cartId, version }: CartAbandoned): EventId {
  const place = String(version).padStart(VERSION_DIGITS, "0");
  return EventId.parse(`evt_${cartId.slice("crt_".length)}${place}`);
}

export const abandonedEnvelope = (cart: CartAbandoned, abandonedAtMs: number): Envelope => ({
  id: abandonedEventId(cart),
  type: CART_ABANDONED,
  occurredAt: timestamp(abandonedAtMs),
  trace: `cart:${cart.cartId}`,
  data: cart,
});
