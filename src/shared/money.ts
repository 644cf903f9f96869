import { z } from "zod";
import { assert } from "./assert.ts";

declare const minorUnit: unique symbol;
/** An integer count of a currency's smallest unit (cents, yen). Never a float. */
export type Minor = number & { readonly [minorUnit]: true };

/** The largest amount a total may reach: far below 2^53, so sums of many stay exact. */
export const MINOR_MAX = 999_999_999_999;

export function minor(value: number): Minor {
  assert(Number.isSafeInteger(value), "money must be an integer count of minor units");
  return value as Minor;
}

/** Decimal places by ISO 4217, for the currencies a shop may be configured with. */
const CURRENCY_DECIMALS: Readonly<Record<string, number>> = {
  AUD: 2,
  BHD: 3,
  BRL: 2,
  CAD: 2,
  CHF: 2,
  CLP: 0,
  CNY: 2,
  CZK: 2,
  DKK: 2,
  EUR: 2,
  GBP: 2,
  HKD: 2,
  HUF: 2,
  INR: 2,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  MXN: 2,
  NOK: 2,
  NZD: 2,
  OMR: 3,
  PLN: 2,
  RON: 2,
  SEK: 2,
  SGD: 2,
  TND: 3,
  TRY: 2,
  USD: 2,
  VND: 0,
  ZAR: 2,
};

export const Currency = z.enum(Object.keys(CURRENCY_DECIMALS) as [string, ...string[]]);
export type Currency = z.infer<typeof Currency>;

export const Money = z
  .object({
    amount: z.int().min(-MINOR_MAX).max(MINOR_MAX).describe("Integer count of minor units"),
    currency: z.string().length(3).describe("ISO 4217 code"),
  })
  .meta({ id: "Money" });
export type Money = z.infer<typeof Money>;

export const money = (amount: Minor | number, currency: string): Money => ({
  amount: minor(amount),
  currency,
});

export function decimalsOf(currency: string): number {
  const decimals = CURRENCY_DECIMALS[currency];
  assert(decimals !== undefined, `currency ${currency} is not known`);
  return decimals;
}

/**
 * Reads a merchant's decimal text ("19.99", "5", ".5") exactly, without passing through a float.
 * Answers `undefined` for what is not a plain non-negative decimal of that currency, or is too large.
 */
export function parseMinor(text: string, currency: string): Minor | undefined {
  const decimals = decimalsOf(currency);
  const match = /^(\d{0,12})(?:\.(\d{1,12}))?$/.exec(text.trim());
  if (!match || (match[1] === "" && match[2] === undefined)) return undefined;
  const fraction = match[2] ?? "";
  if (/[1-9]/.test(fraction.slice(decimals))) return undefined; // a fraction of the smallest unit
  const digits = `${match[1]}${fraction.slice(0, decimals).padEnd(decimals, "0")}`;
  const value = Number(digits);
  return value <= MINOR_MAX ? minor(value) : undefined;
}

/** "19.99 USD": the plain text form for mails and logs. */
export function formatMoney({ amount, currency }: Money): string {
  const decimals = decimalsOf(currency);
  const digits = String(Math.abs(amount)).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const sign = amount < 0 ? "-" : "";
  return decimals === 0
    ? `${sign}${whole} ${currency}`
    : `${sign}${whole}.${digits.slice(-decimals)} ${currency}`;
}

export const sumMinor = (amounts: readonly number[]): Minor =>
  minor(amounts.reduce((sum, amount) => sum + amount, 0));

/** Price × quantity; exact, because both stay far below 2^53. */
export const multiply = (unit: number, quantity: number): Minor => minor(unit * quantity);

/** `amount` × `parts` / `whole`, rounded half up. Exact: the product may pass 2^53, the answer may not. */
export function portion(amount: number, parts: number, whole: number): Minor {
  assert(amount >= 0 && parts >= 0 && whole > 0, "a portion of something negative");
  const doubled = BigInt(amount) * BigInt(parts) * 2n + BigInt(whole);
  return minor(Number(doubled / (BigInt(whole) * 2n)));
}

/**
 * Splits a discount over cart lines so that the shares add up to it exactly. Leftover units go to the
 * largest remainders, ties to the earlier line: the same cart always prorates the same way, so a
 * refund can recompute it.
 */
export function prorate(discount: Minor, lines: readonly Minor[]): Minor[] {
  const total = BigInt(sumMinor(lines));
  assert(discount >= 0 && BigInt(discount) <= total, "discount outside the cart total");
  if (discount === 0) return lines.map(() => minor(0));

  // BigInt, because cents × cents passes 2^53 at about a $950k cart.
  const products = lines.map((line) => BigInt(discount) * BigInt(line));
  const shares = products.map((product) => Number(product / total));
  const leftover = discount - sumMinor(shares);

  const byRemainder = [...products.keys()].sort((a, b) => {
    const difference = (products[b]! % total) - (products[a]! % total);
    return difference > 0n ? 1 : difference < 0n ? -1 : a - b;
  });
  for (const line of byRemainder.slice(0, leftover)) shares[line]! += 1;
  return shares.map(minor);
}
