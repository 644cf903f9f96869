import type { OrderEventType, OrderStatus, PaymentStatus } from "./model.ts";
import type { OrderState } from "./state.ts";
import { sumOf, vouchersLeft } from "./voucher-share.ts";

/**
 * Which event may follow in which status, and what the status becomes. A capture may arrive after the
 * cancellation that it raced: the order stays cancelled, and the money has to go back. What the last
 * shipment and the last refund make of a status is counted by the fold.
 */
const STATUS_AFTER: Record<OrderEventType, Partial<Record<OrderStatus | "none", OrderStatus>>> = {
  "order.placed.v1": { none: "placed" },
  "payment.captured.v1": { placed: "paid", cancelled: "cancelled" },
  // What came of a capture that was asked for may be told after the order was cancelled.
  "payment.capture_accepted.v1": { placed: "placed", cancelled: "cancelled" },
  "payment.capture_failed.v1": { placed: "placed", cancelled: "cancelled" },
  "payment.capture_requested.v1": { placed: "placed" },
  "order.cancelled.v1": { placed: "cancelled", paid: "cancelled" },
  "payment.voided.v1": { cancelled: "cancelled" },
  "payment.refunded.v1": { paid: "paid", fulfilled: "fulfilled", cancelled: "cancelled" },
  "order.stock_returned.v1": { cancelled: "cancelled" },
  // From `fulfilled` too: a refund of units that were not sent may fail after the others left.
  "order.shipped.v1": { paid: "paid", fulfilled: "fulfilled" },
  "refund.requested.v1": { paid: "paid", fulfilled: "fulfilled" },
  // A refund that was asked for before the cancellation settles after it.
  "voucher.credited.v1": { paid: "paid", fulfilled: "fulfilled", cancelled: "cancelled" },
  // Not once cancelled: what is owed then is settled by `refundCancelled`, under one fixed amount.
  "refund.failed.v1": { paid: "paid", fulfilled: "fulfilled", refunded: "refunded" },
  "return.requested.v1": { paid: "paid", fulfilled: "fulfilled" },
  // Goods may come back after all the money has.
  "return.received.v1": { paid: "paid", fulfilled: "fulfilled", refunded: "refunded" },
  "return.refused.v1": { paid: "paid", fulfilled: "fulfilled", refunded: "refunded" },
  "return.restocked.v1": { paid: "paid", fulfilled: "fulfilled", refunded: "refunded" },
  "order.claimed.v1": {
    placed: "placed",
    paid: "paid",
    fulfilled: "fulfilled",
    cancelled: "cancelled",
    refunded: "refunded",
  },
  // Not before: whoever ships or pays back needs to know to whom.
  "order.erased.v1": { fulfilled: "fulfilled", cancelled: "cancelled", refunded: "refunded" },
};

/** Events that move money must also fit where the money is. */
const PAYMENT_AFTER: Partial<
  Record<OrderEventType, Partial<Record<PaymentStatus, PaymentStatus>>>
> = {
  "payment.capture_accepted.v1": { authorized: "pending" },
  "payment.capture_failed.v1": { authorized: "failed", pending: "failed" },
  "payment.capture_requested.v1": { failed: "authorized" },
  "payment.captured.v1": { authorized: "captured", pending: "captured", failed: "captured" },
  "payment.voided.v1": { authorized: "voided", pending: "voided", failed: "voided" },
  "payment.refunded.v1": { captured: "captured" },
  // Also where a voucher still has its share to get.
  "refund.requested.v1": { captured: "captured", refunded: "refunded" },
  "order.shipped.v1": { captured: "captured", refunded: "refunded" },
};

/** Whether an event of this type may be appended to an order in this state. */
export function mayFollow(state: OrderState, type: OrderEventType): boolean {
  const payments = PAYMENT_AFTER[type];
  if (STATUS_AFTER[type][state.status] === undefined) return false;
  if (payments !== undefined && payments[state.payment.status] === undefined) return false;
  switch (type) {
    case "order.stock_returned.v1":
      return !state.stockReturned;
    case "order.cancelled.v1":
      // Its stock goes back as a whole: nothing of it may have left, or come back, on its own.
      return state.parcels.length === 0 && !state.returns.some(isReceived);
    case "order.shipped.v1":
      // All of the money is on its way back.
      return !isOnItsWayBack(state);
    case "order.claimed.v1":
      // Its first account keeps it.
      return state.ownerId === undefined && !state.isErased;
    case "order.erased.v1":
      return !state.isErased && isSettled(state);
    default:
      return true;
  }
}

/** Whether nothing is owed to the shopper any more: neither goods nor money. */
function isSettled({ status, placed, payment, refunds, returns }: OrderState): boolean {
  const isPaidBack = ["voided", "refunded"].includes(payment.status);
  const owesMoney = status === "cancelled" && placed.totals.total.amount > 0 && !isPaidBack;
  return (
    !owesMoney &&
    !refunds.some((refund) => refund.status === "pending") &&
    !returns.some((each) => each.status === "requested")
  );
}

function isOnItsWayBack(state: OrderState): boolean {
  const paid = state.payment.captured + sumOf(state.placed.vouchers ?? []);
  return paid > 0 && refundableOf(state) + sumOf(vouchersLeft(state)) <= 0;
}

const isReceived = ({ status }: OrderState["returns"][number]): boolean => status === "received";

export const statusAfter = (type: OrderEventType, status: OrderStatus): OrderStatus =>
  STATUS_AFTER[type][status] ?? status;

/** What of the captured money is neither sent back nor asked to be, in minor units. */
export function refundableOf({
  payment,
  refunds,
}: Pick<OrderState, "payment" | "refunds">): number {
  return payment.captured - payment.refunded - pendingOf({ refunds });
}

/** What was asked to be sent back by the processor and is not, in minor units. */
const pendingOf = ({ refunds }: Pick<OrderState, "refunds">): number =>
  refunds
    .filter(({ status, paidBack }) => status === "pending" && !paidBack)
    .reduce((sum, { amount }) => sum + amount.amount, 0);
