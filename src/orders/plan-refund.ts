import { assert } from "../shared/assert.ts";
import { type Minor, minor, money, prorate, sumMinor } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { EventData, LineUnits, OrderRefusal } from "./model.ts";
import type { OrderState } from "./state.ts";
import { refundableOf } from "./transitions.ts";
import { exceeding, sumUnits, unitsIn, unitsToRefund } from "./units.ts";

/**
 * What to pay back: these lines at what was paid for them, or a free amount in minor units, or, with
 * neither, all that is left. `shipping`: their share of the shipping too.
 */
export type RefundWish = {
  lines?: readonly LineUnits[] | undefined;
  amountMinor?: number | undefined;
  shipping?: boolean | undefined;
};

type RefundPlan = Pick<EventData<"refund.requested.v1">, "amount" | "lines" | "shipping">;

/** Turns a wish into an amount, or says why it cannot be had. */
export function planRefund(
  state: OrderState,
  { lines, amountMinor, shipping = false }: RefundWish,
): Result<RefundPlan, OrderRefusal> {
  const { currency } = state.placed.totals.total;
  const refundable = refundableOf(state);
  if (refundable <= 0) return err({ code: "nothing_left" });
  const plan = (amount: number, units: LineUnits[], shippingPart: number) => {
    if (amount === 0) return err({ code: "nothing_left" });
    if (amount > refundable) {
      return err({ code: "refund_exceeds", refundable: money(refundable, currency) });
    }
    return ok({
      amount: money(amount, currency),
      lines: units,
      shipping: money(shippingPart, currency),
    });
  };
  if (amountMinor !== undefined) return plan(amountMinor, [], 0);

  const left = unitsToRefund(state);
  if (lines === undefined) {
    const units = unitsIn(left);
    return plan(refundable, units, Math.min(refundable, worthOf(state, units).shipping));
  }
  const refusal = exceeding(left, lines);
  if (refusal) return err(refusal);
  const units = unitsIn(sumUnits(lines));
  const worth = worthOf(state, units);
  const shippingPart = shipping ? worth.shipping : 0;
  return plan(worth.goods + shippingPart, units, shippingPart);
}

/**
 * What was paid for units that are not paid back yet. Counted as the difference of two running sums, so
 * that however a line is split over refunds, its parts add up to it to the last minor unit.
 */
function worthOf(state: OrderState, units: readonly LineUnits[]) {
  const left = unitsToRefund(state);
  const wanted = sumUnits(units);
  const paid = paidByLine(state.placed);
  let [goods, shipping] = [0, 0];
  for (const [at, line] of state.placed.lines.entries()) {
    const before = line.quantity - (left.get(line.id) ?? 0);
    const after = before + (wanted.get(line.id) ?? 0);
    const share = (whole: Minor) =>
      running(whole, after, line.quantity) - running(whole, before, line.quantity);
    goods += share(paid[at]!.goods);
    shipping += share(paid[at]!.shipping);
  }
  return { goods, shipping };
}

/** BigInt, because an amount times a quantity may pass 2^53. */
const running = (whole: Minor, units: number, of: number): number =>
  Number((BigInt(whole) * BigInt(units)) / BigInt(of));

/**
 * The order's total split over its lines: each line's price less its discount, with its tax, and its
 * share of shipping (and of what tax the shipping bore) beside it. The parts add up to the total
 * exactly. A line that does not say its own share gets the one of its size.
 */
export function paidByLine({
  lines,
  totals,
}: Pick<OrderState["placed"], "lines" | "totals">): { goods: Minor; shipping: Minor }[] {
  const prices = lines.map(({ total }) => minor(total.amount));
  const quantities = lines.map(({ quantity }) => minor(quantity));
  const told = (part: "discount" | "tax") => {
    const amounts = lines.flatMap((line) => line[part] ?? []).map(({ amount }) => minor(amount));
    return amounts.length === lines.length ? amounts : undefined;
  };
  const discounts = told("discount") ?? allocate(minor(totals.discount.amount), prices, quantities);
  const net = prices.map((price, at) => minor(price - discounts[at]!));
  const taxes = told("tax") ?? allocate(minor(totals.tax.amount), net, quantities);
  const ofShipping = minor(totals.shipping.amount + totals.tax.amount - sumMinor(taxes));
  const shippings = allocate(ofShipping, net, quantities);
  const worth = net.flatMap((price, at) => [minor(price + taxes[at]!), shippings[at]!]);
  // The same amounts again, unless something beside the discount has lowered what was charged.
  const paid = allocate(minor(totals.total.amount), worth, worth);
  return lines.map((_, at) => ({ goods: paid[2 * at]!, shipping: paid[2 * at + 1]! }));
}

/** As `prorate`, also of more than the weights' sum; weights that are all zero give way to the others. */
function allocate(amount: Minor, weights: readonly Minor[], otherwise: readonly Minor[]): Minor[] {
  if (amount === 0) return weights.map(() => minor(0));
  const chosen = sumMinor(weights) > 0 ? weights : otherwise;
  const sum = sumMinor(chosen);
  assert(sum > 0, "an amount needs something to be split over");
  const scale = Math.ceil(amount / sum);
  return prorate(
    amount,
    chosen.map((weight) => minor(weight * scale)),
  );
}
