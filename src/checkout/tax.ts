import { type Minor, minor, portion, sumMinor } from "../shared/money.ts";
import { TAX_RULES, type TaxRule } from "./tax-rates.ts";

/** A rate of 100 %, in thousandths of a percent. */
const WHOLE = 100_000;

export type TaxedLine = {
  /** What is paid for the line, after discounts. */
  netMinor: number;
  taxable: boolean;
};
export type Destination = { country: string; region?: string | undefined };

export type Tax = {
  /** Of each line, in their order: `added` to its price, or `included` in it. */
  lines: { added: Minor; included: Minor }[];
  added: Minor;
  included: Minor;
};

/**
 * The tax of a quote by the place of delivery. Rounded half up for each line and for the shipping, so
 * that a line's tax never depends on its neighbours and the total is the exact sum.
 */
export function taxQuote(
  lines: readonly TaxedLine[],
  shippingMinor: number,
  destination: Destination,
  rules: Readonly<Record<string, TaxRule>> = TAX_RULES,
): Tax {
  const rule = Object.hasOwn(rules, destination.country) ? rules[destination.country] : undefined;
  const taxOf = (amount: number) => (rule ? taxIn(amount, rule, destination) : NO_TAX);
  const taxes = lines.map(({ netMinor, taxable }) => taxOf(taxable ? netMinor : 0));
  const ofShipping = taxOf(rule?.taxesShipping ? shippingMinor : 0);
  const all = [...taxes, ofShipping];
  return {
    lines: taxes,
    added: sumMinor(all.map(({ added }) => added)),
    included: sumMinor(all.map(({ included }) => included)),
  };
}

const NO_TAX = { added: minor(0), included: minor(0) };

function taxIn(amount: number, rule: TaxRule, destination: Destination) {
  const rate = rateOf(rule, destination);
  return rule.pricesInclude
    ? { added: minor(0), included: portion(amount, rate, WHOLE + rate) }
    : { added: portion(amount, rate, WHOLE), included: minor(0) };
}

/** "ny", "US-NY" and "New York" are one place; what is not recognised is taxed as the country. */
function rateOf({ rate, regions = {} }: TaxRule, { country, region = "" }: Destination): number {
  const wanted = region.trim().toUpperCase().replace(`${country}-`, "");
  const found = Object.entries(regions).find(
    ([code, { name }]) => code === wanted || name.toUpperCase() === wanted,
  );
  return found ? found[1].rate : rate;
}
