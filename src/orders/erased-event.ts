import type { Address, OrderEvent } from "./model.ts";

/** Nobody's: the domain is reserved never to exist. Mails to it are not even tried. */
export const ERASED_EMAIL = "erased@account.invalid";
const ERASED = "erased";

/**
 * An event without what says who bought. Kept for the books: goods, amounts, dates, the way of delivery,
 * and of the address what taxes and shipping were reckoned by. Gone: mail address, names, streets,
 * telephones, the account, and what the shopper wrote in their own words.
 */
export function erasedEvent(event: OrderEvent): OrderEvent {
  switch (event.type) {
    case "order.placed.v1": {
      const { billingAddress, shippingAddress, ...kept } = event.data;
      const data = {
        ...kept,
        email: ERASED_EMAIL,
        // The account's id too; what it was is still told apart from a guest's.
        cartOwner: kept.cartOwner.startsWith("user:") ? `user:${ERASED}` : `guest:${ERASED}`,
        shippingAddress: erasedAddress(shippingAddress),
        ...(billingAddress ? { billingAddress: erasedAddress(billingAddress) } : {}),
      };
      return { ...event, data };
    }
    case "order.claimed.v1":
      return { ...event, data: { userId: ERASED } };
    case "order.cancelled.v1":
      return event.actor.kind === "shopper"
        ? { ...event, data: { ...event.data, reason: "" } }
        : event;
    case "return.requested.v1":
      return { ...event, data: { ...event.data, reason: "" } };
    default:
      return event;
  }
}

const erasedAddress = ({ city, region, postalCode, country }: Address): Address => ({
  name: ERASED,
  line1: ERASED,
  city,
  ...(region === undefined ? {} : { region }),
  postalCode,
  country,
});
