import type { VariantInfo } from "../catalog/index.ts";
import type { Availability } from "../inventory/index.ts";
import {
  type AppliedPromotion,
  applyVouchers,
  type CodeRefusal,
  type Offers,
  type Redemptions,
  type VoucherUse,
} from "../promotions/index.ts";
import type { QuoteId, Sku, VoucherId } from "../shared/ids.ts";
import { MINOR_MAX, minor, money, sumMinor } from "../shared/money.ts";
import { type DeliveryFacts, planShipments, type ShipmentPart } from "./delivery/plan-shipments.ts";
import { priceShipments, shipmentName } from "./delivery/price-shipments.ts";
import type { CheckoutContact, CheckoutProblem, Quote, ShippingOption } from "./model.ts";
import { type CartLine, type PricedLine, priceLines, quoteLine } from "./price-lines.ts";
import { taxQuote } from "./tax.ts";

export type QuoteFacts = {
  quoteId: QuoteId;
  expiresAtMs: number;
  currency: string;
  lines: readonly CartLine[];
  /** The cart's codes, and what they are worth. */
  coupons: readonly string[];
  vouchers: readonly VoucherId[];
  offers: Offers;
  /** Whose uses of coupons are counted. */
  shopper: string;
  contact: Pick<CheckoutContact, "shippingAddress" | "shippingMethod">;
  variants: ReadonlyMap<Sku, VariantInfo>;
  /** Of a standard cart; what lies where is part of `delivery`. */
  stock: ReadonlyMap<Sku, Availability>;
  delivery: DeliveryFacts;
  /** The quote that the shopper saw last: a difference in price is said. */
  previous: Quote | undefined;
};

export type QuoteDraft = {
  quote: Quote;
  /** What an order of this quote uses up. */
  redemptions: Redemptions;
  shippingMethods: ShippingOption[];
  problems: CheckoutProblem[];
};

/** Problems that tell but do not stop. */
const INFORMATIVE = new Set<CheckoutProblem["code"]>([
  "price_changed",
  "coupon_refused",
  "voucher_refused",
]);
export const isBlocking = (problem: CheckoutProblem): boolean => !INFORMATIVE.has(problem.code);

/**
 * Prices a cart from present facts: goods, less discounts, plus shipping and tax, and what vouchers
 * pay of that. Lines that cannot be bought are left out of the totals and named.
 */
export function draftQuote(facts: QuoteFacts): QuoteDraft {
  const { currency, contact, quoteId, expiresAtMs, shopper, offers } = facts;
  const { priced, promotions } = priceLines(facts.lines, facts.variants, facts.coupons, offers);
  const { delivery } = facts;
  const address = contact.shippingAddress;
  const { country, region } = address;
  const nets = priced.map(netOf);
  const bought = priced.map(({ line }) => line);
  const plan = planShipments(bought, delivery, address);
  const shippingMethods = priceShipments({
    mode: delivery.mode,
    parts: plan.parts,
    lines: priced,
    address,
    currency,
    worth: sumMinor(nets),
    isFree: promotions.freeShipping,
  });
  const method = chosen(shippingMethods, contact.shippingMethod);
  const shipping = method?.price.amount ?? 0;
  const taxable = priced.map(({ variant }, at) => ({
    netMinor: nets[at]!,
    taxable: variant.taxable,
  }));
  const tax = taxQuote(taxable, shipping, { country, region });
  const lines = priced.map((each, at) => quoteLine(each, tax.lines[at]!));
  const subtotal = sumMinor(lines.map(({ total }) => total.amount));
  const dueMinor = sumMinor([subtotal, -promotions.discount, shipping, tax.added]);
  const known = facts.vouchers.map((voucherId) => ({
    voucherId,
    state: offers.vouchers.get(voucherId) ?? null,
  }));
  const paid = applyVouchers(known, { dueMinor, currency, nowMs: offers.atMs });
  const total = money(paid.dueMinor, currency);
  const quote: Quote = {
    id: quoteId,
    expiresAt: new Date(expiresAtMs).toISOString(),
    lines,
    shippingMethod: method?.code ?? null,
    mode: delivery.mode,
    shipments: plan.parts.flatMap((part, at) => shownShipment(part, at, method, currency)),
    promotions: promotions.applied.map((each) => shownPromotion(each, currency)),
    vouchers: paid.uses.map((each) => shownVoucher(each, currency)),
    totals: {
      subtotal: money(subtotal, currency),
      discount: money(promotions.discount, currency),
      shipping: money(shipping, currency),
      tax: money(tax.added, currency),
      ...(tax.included > 0 ? { taxIncluded: money(tax.included, currency) } : {}),
      voucher: money(dueMinor - paid.dueMinor, currency),
      total,
    },
    amountDue: total,
  };
  const problems: CheckoutProblem[] = [
    ...(facts.lines.length === 0 ? [{ code: "cart_empty" as const }] : []),
    ...facts.lines.flatMap((line) => lineProblems(line, facts)),
    ...plan.problems,
    ...(method ? [] : [{ code: "shipping_unavailable" as const }]),
    ...(dueMinor > MINOR_MAX ? [{ code: "total_limit" as const }] : []),
    ...promotions.refused.map((refusal) => codeProblem("coupon_refused", refusal)),
    ...paid.refused.map((refusal) => codeProblem("voucher_refused", refusal)),
  ];
  const coupons = promotions.applied.flatMap(({ code, usesMax, usesPerShopperMax }) =>
    code === null ? [] : [{ code, usesMax, usesPerShopperMax }],
  );
  const redemptions = { shopper, coupons, vouchers: paid.uses };
  return { quote, redemptions, shippingMethods, problems };
}

const shownPromotion = (
  { promotionId, code, title, discount, freeShipping }: AppliedPromotion,
  currency: string,
) => ({ id: promotionId, code, title, discount: money(discount, currency), freeShipping });

const shownVoucher = ({ voucherId, mask, amountMinor }: VoucherUse, currency: string) => ({
  id: voucherId,
  code: mask,
  amount: money(amountMinor, currency),
});

/** A part of nothing is no shipment: its lines cannot be bought, and the problems say so. */
function shownShipment(
  { location, lines }: ShipmentPart,
  at: number,
  method: ShippingOption | undefined,
  currency: string,
): Quote["shipments"] {
  if (lines.length === 0) return [];
  return [
    {
      id: shipmentName(at),
      location: location && { code: location.code, name: location.name },
      lines: lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
      shipping: method?.shipments[at]?.price ?? money(0, currency),
    },
  ];
}

const codeProblem = (
  code: "coupon_refused" | "voucher_refused",
  { code: refused, reason }: CodeRefusal,
): CheckoutProblem => ({ code, refused, reason });

/** Whether two quotes would charge the same money for the same goods, whatever their ids. */
export function sameTerms(left: Quote, right: Quote): boolean {
  const terms = ({ lines, totals, shippingMethod, promotions, vouchers, shipments }: Quote) =>
    JSON.stringify([
      lines.map(({ sku, quantity, unitPrice }) => [sku, quantity, unitPrice.amount]).sort(),
      promotions.map(({ id, discount }) => [id, discount.amount]).sort(),
      vouchers.map(({ id, amount }) => [id, amount.amount]).sort(),
      [totals.total.amount, totals.total.currency, shippingMethod],
      shipments.map((each) => [each.location?.code, unitTerms(each.lines), each.shipping.amount]),
    ]);
  return terms(left) === terms(right);
}

const unitTerms = (lines: Quote["shipments"][number]["lines"]) =>
  lines.map(({ lineId, quantity }) => [lineId, quantity]).sort();

const netOf = ({ line, variant, discountMinor }: PricedLine) =>
  minor(variant.priceMinor * line.quantity - discountMinor);

/** The asked-for method; the first one when none was asked for; none when the asked-for one is not offered. */
const chosen = (options: readonly ShippingOption[], code: string | undefined) =>
  code === undefined ? options[0] : options.find((option) => option.code === code);

function lineProblems(line: CartLine, facts: QuoteFacts): CheckoutProblem[] {
  const variant = facts.variants.get(line.sku);
  if (!variant?.published) return [{ code: "unavailable", sku: line.sku }];
  const problems: CheckoutProblem[] = [];
  const stock = facts.stock.get(line.sku);
  const available = stock?.available ?? 0;
  const isStandard = facts.delivery.mode === "standard";
  if (isStandard && !stock?.backorder && available < line.quantity) {
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
