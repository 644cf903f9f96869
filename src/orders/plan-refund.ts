import { assert } from "../shared/assert.ts";
import { type Minor, minor, money, prorate, sumMinor } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { EventData, LineUnits, OrderRefusal } from "./model.ts";
import type { OrderState } from "./state.ts";
import { refundableOf } from "./transitions.ts";
import { exceeding, sumUnits, unitsIn, unitsToRefund } from "./units.ts";
import { sumOf, toVouchers, vouchersLeft } from "./voucher-share.ts";

/**
 * What to pay back: these lines at what was paid for them, or a free amount in minor units, or, with
 * neither, all that is left. `shipping`: their share of the shipping too.
 */
export type RefundWish = {
  lines?: readonly LineUnits[] | undefined;
  amountMinor?: number | undefined;
  shipping?: boolean | undefined;
};

type RefundPlan = Pick<
  EventData<"refund.requested.v1">,
  "amount" | "vouchers" | "lines" | "shipping"
>;

/** What was paid by the processor, and what by vouchers. */
type Paid = { money: number; voucher: number };

/**
 * Turns a wish into amounts, or says why it cannot be had. Money goes back to where it came from: of a
 * line what was paid for it by card and by voucher, of a free amount the parts in which the rest was
 * paid. Where one of the two has not enough left, because free amounts went before, the other gives.
 */
export function planRefund(
  state: OrderState,
  { lines, amountMinor, shipping = false }: RefundWish,
): Result<RefundPlan, OrderRefusal> {
  const rest: Paid = { money: refundableOf(state), voucher: sumOf(vouchersLeft(state)) };
  const refundable = rest.money + rest.voucher;
  const wantsAll = lines === undefined && amountMinor === undefined;
  if (refundable <= 0) return err({ code: "nothing_left" });
  if (amountMinor !== undefined) {
    const voucher = Number((BigInt(amountMinor) * BigInt(rest.voucher)) / BigInt(refundable));
    return planOf(state, rest, { money: amountMinor - voucher, voucher }, [], 0);
  }
  const left = unitsToRefund(state);
  const refusal = exceeding(left, lines ?? []);
  if (refusal) return err(refusal);
  const units = wantsAll ? unitsIn(left) : unitsIn(sumUnits(lines ?? []));
  const { goods, shipping: carriage } = worthOf(state, units);
  const carried = carriage.money + carriage.voucher;
  if (wantsAll) return planOf(state, rest, rest, units, Math.min(refundable, carried));
  const worth = shipping ? added(goods, carriage) : goods;
  return planOf(state, rest, worth, units, shipping ? carried : 0);
}

function planOf(
  state: OrderState,
  rest: Paid,
  worth: Paid,
  lines: LineUnits[],
  shippingPart: number,
): Result<RefundPlan, OrderRefusal> {
  const { currency } = state.placed.totals.total;
  const whole = worth.money + worth.voucher;
  const refundable = rest.money + rest.voucher;
  if (whole === 0) return err({ code: "nothing_left" });
  if (whole > refundable) {
    return err({ code: "refund_exceeds", refundable: money(refundable, currency) });
  }
  // At least what vouchers cannot take, at most what the processor has.
  const amount = Math.min(Math.max(worth.money, whole - rest.voucher), rest.money);
  const vouchers = toVouchers(state, whole - amount);
  return ok({
    amount: money(amount, currency),
    ...(vouchers.length > 0 ? { vouchers } : {}),
    lines,
    shipping: money(shippingPart, currency),
  });
}

const added = (left: Paid, right: Paid): Paid => ({
  money: left.money + right.money,
  voucher: left.voucher + right.voucher,
});

/**
 * What was paid for units that are not paid back yet. Counted as the difference of two running sums, so
 * that however a line is split over refunds, its parts add up to it to the last minor unit.
 */
function worthOf(state: OrderState, units: readonly LineUnits[]) {
  const left = unitsToRefund(state);
  const wanted = sumUnits(units);
  const paid = paidByLine(state.placed);
  let [goods, shipping]: [Paid, Paid] = [NOTHING, NOTHING];
  for (const [at, line] of state.placed.lines.entries()) {
    const before = line.quantity - (left.get(line.id) ?? 0);
    const after = before + (wanted.get(line.id) ?? 0);
    const share = (whole: Minor) =>
      running(whole, after, line.quantity) - running(whole, before, line.quantity);
    const part = paid[at]!;
    // The whole and the money, not the two parts: a unit is worth what it cost, not a cent less.
    const split = (byMoney: Minor, byVoucher: Minor): Paid => ({
      money: share(byMoney),
      voucher: share(minor(byMoney + byVoucher)) - share(byMoney),
    });
    goods = added(goods, split(part.goods, part.byVoucher.goods));
    shipping = added(shipping, split(part.shipping, part.byVoucher.shipping));
  }
  return { goods, shipping };
}

const NOTHING: Paid = { money: 0, voucher: 0 };

/** BigInt, because an amount times a quantity may pass 2^53. */
const running = (whole: Minor, units: number, of: number): number =>
  Number((BigInt(whole) * BigInt(units)) / BigInt(of));

/**
 * The order's total split over its lines: each line's price less its discount, with its tax, and its
 * share of shipping (and of what tax the shipping bore) beside it. The parts add up to the total
 * exactly, and those that vouchers paid to what vouchers paid. A line that does not say its own share
 * gets the one of its size.
 */
export function paidByLine({
  lines,
  totals,
}: Pick<OrderState["placed"], "lines" | "totals">): LinePaid[] {
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
  const lowered = worth.map((whole, at) => minor(Math.max(0, whole - paid[at]!)));
  const byVoucher = allocate(minor(totals.voucher?.amount ?? 0), lowered, lowered);
  return lines.map((_, at) => ({
    goods: paid[2 * at]!,
    shipping: paid[2 * at + 1]!,
    byVoucher: { goods: byVoucher[2 * at]!, shipping: byVoucher[2 * at + 1]! },
  }));
}

type Parts = { goods: Minor; shipping: Minor };
type LinePaid = Parts & { byVoucher: Parts };

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
