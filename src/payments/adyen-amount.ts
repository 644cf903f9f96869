import { decimalsOf, type Money, money } from "../shared/money.ts";

/** Where Adyen counts other decimals than ISO 4217 does, among the currencies a shop may have. */
const OTHER_DECIMALS: Readonly<Record<string, number>> = { CLP: 2, ISK: 2 };

const extraDecimals = (currency: string): number =>
  (OTHER_DECIMALS[currency] ?? decimalsOf(currency)) - decimalsOf(currency);

export type AdyenAmount = { currency: string; value: number };

export const adyenAmount = ({ amount, currency }: Money): AdyenAmount => ({
  currency,
  value: amount * 10 ** extraDecimals(currency),
});

/** `undefined` for a fraction of the smallest unit, which no payment of ours can have. */
export function fromAdyenAmount({ currency, value }: AdyenAmount): Money | undefined {
  const amount = value / 10 ** extraDecimals(currency);
  return Number.isSafeInteger(amount) ? money(amount, currency) : undefined;
}
