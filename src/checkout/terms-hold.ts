import { cartForCheckout } from "../cart/index.ts";
import { findVariants } from "../catalog/index.ts";
import { listLocations, placesOf } from "../inventory/index.ts";
import type { Io } from "../platform/io/io.ts";
import { gatherOffers, type Offers } from "../promotions/index.ts";
import type { CheckoutRecord } from "./checkout-store.ts";
import { STANDARD_DELIVERY } from "./delivery/plan-shipments.ts";
import type { Quote } from "./model.ts";
import { draftQuote, sameTerms } from "./quote.ts";
import type { CheckoutEnv } from "./saga-deps.ts";

/**
 * Prices the cart as it is now and compares: what is charged is what was agreed, or nothing is. What
 * coupons and vouchers still allow is not asked here: redeeming them is what says so for certain.
 */
export async function termsHold(
  env: CheckoutEnv,
  io: Io,
  record: CheckoutRecord,
  quote: Quote,
): Promise<boolean> {
  const { coupons, vouchers, currency, contact, redemptions, delivery } = record;
  const skus = quote.lines.map(({ sku }) => sku);
  const isStandard = delivery.mode === "standard";
  const [cart, variants, offers, locations] = await Promise.all([
    cartForCheckout(io, env, record.owner),
    findVariants(io.sql, skus, io.clock.nowMs()),
    gatherOffers(io, env, { coupons, vouchers: [], isBinding: true }),
    isStandard ? [] : listLocations(io.sql),
  ]);
  if (!cart.ok || cart.value.checkoutId !== record.checkoutId) return false;
  const { lines, mode, postalCode } = cart.value;
  if (mode !== delivery.mode || postalCode !== delivery.postalCode) return false;
  const codesNow = cart.value.vouchers.map(({ voucherId }) => voucherId);
  if (!sameNames(cart.value.coupons, coupons) || !sameNames(codesNow, vouchers)) return false;
  const now = draftQuote({
    quoteId: quote.id,
    expiresAtMs: Date.parse(quote.expiresAt),
    currency,
    lines,
    coupons,
    vouchers: quote.vouchers.map(({ id }) => id),
    offers: { ...offers, vouchers: promisedBy(quote) },
    shopper: redemptions.shopper,
    contact,
    variants,
    stock: new Map(),
    // Where the goods come from is agreed; whether they are there is for the hold to say.
    delivery: isStandard
      ? STANDARD_DELIVERY
      : { ...delivery, ...placesOf(locations), stock: new Map(), agreed: quote.shipments },
    previous: undefined,
  });
  return sameTerms(quote, now.quote) && now.quote.lines.length === lines.length;
}

/** Each voucher worth exactly what the quote took from it. */
const promisedBy = (quote: Quote): Offers["vouchers"] =>
  new Map(
    quote.vouchers.map(({ id, code, amount: { amount, currency } }) => [
      id,
      {
        voucherId: id,
        mask: code,
        currency,
        initialMinor: amount,
        balanceMinor: amount,
        expiresAtMs: null,
      },
    ]),
  );

const sameNames = (left: readonly string[], right: readonly string[]): boolean =>
  JSON.stringify([...left].sort()) === JSON.stringify([...right].sort());
