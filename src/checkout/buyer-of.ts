import { derivedSuffix } from "../shared/ids.ts";
import type { CheckoutRecord } from "./checkout-store.ts";

/**
 * Whom limits per shopper count: the signed-in shopper, or whoever has this address. A guest's cart is
 * not part of it, because a new one costs nothing; the address itself stays here.
 */
export async function buyerOf({
  owner,
  contact,
}: Pick<CheckoutRecord, "owner" | "contact">): Promise<string> {
  if (owner.kind === "user") return `user:${owner.userId}`;
  return `guest:${await derivedSuffix("buyer", contact.email.trim().toLowerCase())}`;
}
