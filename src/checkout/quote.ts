import type { VariantInfo } from "../catalog/index.ts";
import type { Availability } from "../inventory/index.ts";
import type { OrderLine } from "../orders/index.ts";
import type { LineId, QuoteId, Sku } from "../shared/ids.ts";
import { MINOR_MAX, minor, money, multiply, sumMinor } from "../shared/money.ts";
import type { CheckoutContact, CheckoutProblem, Quote, ShippingOption } from "./model.ts";
import { shippingOptions } from "./shipping.ts";

export type CartLine = { lineId: LineId; sku: Sku; quantity: number };

export type QuoteFacts = {
  quoteId: QuoteId;
  expiresAtMs: number;
  currency: string;
  lines: readonly CartLine[];
  contact: Pick<CheckoutContact, "shippingAddress" | "shippingMethod">;
  variants: ReadonlyMap<Sku, VariantInfo>;
  stock: ReadonlyMap<Sku, Availability>;
  /** The quote that the shopper saw last: a difference in price is said. */
  previous: Quote | undefined;
};

export type QuoteDraft = {
  quote: Quote;
  shippingMethods: ShippingOption[];
  problems: CheckoutProblem[];
};

/** Problems that tell but do not stop. */
const INFORMATIVE = new Set<CheckoutProblem["code"]>(["price_changed"]);
export const isBlocking = (problem: CheckoutProblem): boolean => !INFORMATIVE.has(problem.code);

/** Prices a cart from present facts. Lines that cannot be bought are left out of the totals and named. */
export function draftQuote(facts: QuoteFacts): QuoteDraft {
  const { currency, contact, quoteId, expiresAtMs } = facts;
  const lines = facts.lines.flatMap((line) => quoteLine(line, facts.variants));
  const subtotal = sumMinor(lines.map(({ total }) => total.amount));
  const requiresShipping = lines.some(({ sku }) => facts.variants.get(sku)?.requiresShipping);
  const country = contact.shippingAddress.country;
  const options = shippingOptions({ country, subtotal, currency, requiresShipping });
  const method = chosen(options, contact.shippingMethod);
  const shipping = method?.price.amount ?? 0;

  const problems = [
    ...(facts.lines.length === 0 ? [{ code: "cart_empty" as const }] : []),
    ...facts.lines.flatMap((line) => lineProblems(line, facts)),
    ...(method ? [] : [{ code: "shipping_unavailable" as const }]),
  ];
  const totals = {
    subtotal: money(subtotal, currency),
    discount: money(0, currency),
    shipping: money(shipping, currency),
    tax: money(0, currency),
    total: money(sumMinor([subtotal, shipping]), currency),
  };
  const quote: Quote = {
    id: quoteId,
    expiresAt: new Date(expiresAtMs).toISOString(),
    lines,
    shippingMethod: method?.code ?? null,
    totals,
  };
  return { quote, shippingMethods: options, problems };
}

/** Whether a total is too large to be charged exactly. */
export const exceedsLimit = ({ totals }: Quote): boolean => totals.total.amount > MINOR_MAX;

/** Whether two quotes would charge the same money for the same goods, whatever their ids. */
export function sameTerms(left: Quote, right: Quote): boolean {
  const terms = ({ lines, totals, shippingMethod }: Quote) =>
    JSON.stringify([
      lines.map(({ sku, quantity, unitPrice }) => [sku, quantity, unitPrice.amount]).sort(),
      [totals.total.amount, totals.total.currency, shippingMethod],
    ]);
  return terms(left) === terms(right);
}

/** The asked-for method; the first one when none was asked for; none when the asked-for one is not offered. */
const chosen = (options: readonly ShippingOption[], code: string | undefined) =>
  code === undefined ? options[0] : options.find((option) => option.code === code);

function quoteLine(line: CartLine, variants: QuoteFacts["variants"]): OrderLine[] {
  const variant = variants.get(line.sku);
  if (!variant?.published) return [];
  const { variantId, productHandle, productTitle, title, priceMinor, currency } = variant;
  return [
    {
      id: line.lineId,
      sku: line.sku,
      variantId,
      productHandle,
      title: title === "Default Title" ? productTitle : `${productTitle} – ${title}`,
      quantity: line.quantity,
      unitPrice: money(priceMinor, currency),
      total: money(multiply(priceMinor, line.quantity), currency),
    },
  ];
}

function lineProblems(line: CartLine, facts: QuoteFacts): CheckoutProblem[] {
  const variant = facts.variants.get(line.sku);
  if (!variant?.published) return [{ code: "unavailable", sku: line.sku }];
  const problems: CheckoutProblem[] = [];
  const stock = facts.stock.get(line.sku);
  const available = stock?.available ?? 0;
  if (!stock?.backorder && available < line.quantity) {
    const [was, now] = [line.quantity, available];
    problems.push({ code: "insufficient_stock", sku: line.sku, was, now });
  }
  const seen = facts.previous?.lines.find(({ sku }) => sku === line.sku)?.unitPrice;
  if (seen && seen.amount !== variant.priceMinor) {
    const now = money(minor(variant.priceMinor), variant.currency);
    problems.push({ code: "price_changed", sku: line.sku, was: seen, now });
  }
  return problems;
}
