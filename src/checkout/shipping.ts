import { assert } from "../shared/assert.ts";
import { type Minor, type Money, money } from "../shared/money.ts";
import { SHIPPING_RATES, type ShippingRate } from "./shipping-rates.ts";

export type ShippingMethod = { code: string; title: string; price: Money };

export type Parcel = {
  country: string;
  /** Of the goods, after discounts. */
  worth: Minor;
  grams: number;
  currency: string;
  requiresShipping: boolean;
  /** A promotion pays for it: for the default method, not for every faster one. */
  isFree: boolean;
};

/** The methods that reach a country, priced by weight. Goods that need no shipping ship for free. */
export function shippingOptions(
  { country, worth, grams, currency, requiresShipping, isFree }: Parcel,
  rates: readonly ShippingRate[] = SHIPPING_RATES,
): ShippingMethod[] {
  if (!requiresShipping) {
    return [{ code: "none", title: "No shipping needed", price: money(0, currency) }];
  }
  return rates
    .filter(({ countries }) => countries === "*" || countries.includes(country))
    .map(({ code, title, bands, freeFromMinor }, at) => {
      const costsNothing =
        (isFree && at === 0) || (freeFromMinor !== null && worth >= freeFromMinor);
      const band = bands.find(({ upToGrams }) => upToGrams === null || grams <= upToGrams);
      assert(band, `shipping method ${code} has no rate for ${grams} g`);
      return { code, title, price: money(costsNothing ? 0 : band.rateMinor, currency) };
    });
}
