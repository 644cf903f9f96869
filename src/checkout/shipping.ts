import { type Minor, minor, money } from "../shared/money.ts";
import type { ShippingOption } from "./model.ts";

/** A row of the rate table: where a method delivers, what it costs, and from which subtotal it is free. */
export type ShippingRate = {
  code: string;
  title: string;
  /** ISO 3166-1 alpha-2 codes, or `*` for everywhere. */
  countries: readonly string[] | "*";
  rateMinor: number;
  freeFromMinor: number | null;
};

/** The built-in rates, in the shop's currency. The first one that fits is the default. */
const SHIPPING_RATES: readonly ShippingRate[] = [
  {
    code: "standard",
    title: "Standard (3 to 5 days)",
    countries: ["US", "CA"],
    rateMinor: 499,
    freeFromMinor: 7_500,
  },
  {
    code: "express",
    title: "Express (next working day)",
    countries: ["US", "CA"],
    rateMinor: 1_499,
    freeFromMinor: null,
  },
  {
    code: "international",
    title: "International (5 to 10 days)",
    countries: "*",
    rateMinor: 1_999,
    freeFromMinor: 20_000,
  },
];

/** The methods that reach a country, priced for a subtotal. Goods that need no shipping ship for free. */
export function shippingOptions(
  order: { country: string; subtotal: Minor; currency: string; requiresShipping: boolean },
  rates: readonly ShippingRate[] = SHIPPING_RATES,
): ShippingOption[] {
  if (!order.requiresShipping) {
    return [{ code: "none", title: "No shipping needed", price: money(0, order.currency) }];
  }
  return rates
    .filter(({ countries }) => countries === "*" || countries.includes(order.country))
    .map(({ code, title, rateMinor, freeFromMinor }) => {
      const isFree = freeFromMinor !== null && order.subtotal >= freeFromMinor;
      return { code, title, price: money(isFree ? minor(0) : minor(rateMinor), order.currency) };
    });
}
