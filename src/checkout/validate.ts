import type { CartOwner } from "../cart/index.ts";
import type { VariantInfo } from "../catalog/index.ts";
import type { Availability } from "../inventory/index.ts";
import type { Offers } from "../promotions/index.ts";
import {
  type CartId,
  type CheckoutId,
  newId,
  QuoteId,
  type Sku,
  type VoucherId,
} from "../shared/ids.ts";
import { statusOf } from "./checkout-state.ts";
import type { CheckoutRecord, CheckoutStore } from "./checkout-store.ts";
import type { DeliveryFacts } from "./delivery/plan-shipments.ts";
import type { CheckoutContact, ValidatedCheckout } from "./model.ts";
import type { CartLine } from "./price-lines.ts";
import { draftQuote } from "./quote.ts";

/** Present facts about a cart, gathered outside so that the object need not make the trips. */
export type CartFacts = {
  checkoutId: CheckoutId;
  cartId: CartId;
  owner: CartOwner;
  lines: readonly CartLine[];
  variants: ReadonlyMap<Sku, VariantInfo>;
  stock: ReadonlyMap<Sku, Availability>;
  delivery: DeliveryFacts;
  coupons: readonly string[];
  vouchers: readonly VoucherId[];
  offers: Offers;
  /** Whose uses of coupons are counted. */
  shopper: string;
};

const QUOTE_TTL_MS = 15 * 60 * 1000;

/** Freezes a new quote from present facts and makes it the current one. Synchronous: one atomic write. */
export function freezeQuote(
  store: CheckoutStore,
  facts: CartFacts,
  contact: CheckoutContact,
  currency: string,
  nowMs: number,
): ValidatedCheckout {
  const before = store.record();
  const { coupons, vouchers, offers, shopper, delivery } = facts;
  const { quote, redemptions, shippingMethods, problems } = draftQuote({
    quoteId: newId(QuoteId, "quo"),
    expiresAtMs: nowMs + QUOTE_TTL_MS,
    currency,
    lines: facts.lines,
    coupons,
    vouchers,
    offers,
    shopper,
    contact,
    variants: facts.variants,
    stock: facts.stock,
    delivery,
    previous: before && store.quote(before.currentQuoteId),
  });
  const record: CheckoutRecord = {
    checkoutId: facts.checkoutId,
    cartId: facts.cartId,
    owner: facts.owner,
    contact,
    currency,
    createdAtMs: before?.createdAtMs ?? nowMs,
    problems,
    delivery: { mode: delivery.mode, postalCode: delivery.postalCode },
    coupons: [...coupons],
    vouchers: [...vouchers],
    redemptions,
    currentQuoteId: quote.id,
    attempts: before?.attempts ?? 0,
    canceledBecause: null,
    lastRefusal: before?.lastRefusal ?? null,
  };
  store.saveQuote(quote, nowMs);
  store.saveRecord(record);
  const status = statusOf(record, store.attempt(), nowMs);
  return { checkoutId: facts.checkoutId, status, quote, shippingMethods, problems };
}
