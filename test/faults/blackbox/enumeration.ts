import type { Fault, Plan } from "./plan.ts";

/** How a case's shopper behaves: what they pay with, and whether they regret it. */
export const FLOWS = ["buy", "adyen", "decline", "ask", "cancel", "void"] as const;
export type Flow = (typeof FLOWS)[number];

/** One thing that goes wrong at one point of one checkout. */
export type Case = {
  flow: Flow;
  /** Whose run it is: the checkout's own, a webhook's, or a message's of a consumer. */
  where: string;
  point: string;
  fault: Fault;
  isKill: boolean;
};

type Row = readonly [flow: Flow, where: string, point: string, faults: readonly Fault[]];

const CRASHES = ["F1", "F2"] as const;
const NETWORK = [...CRASHES, "F4", "F5", "F6", "F7"] as const;
const OBJECT = [...NETWORK, "F19-before", "F19-after"] as const;
const READ = ["F1", "F4"] as const;
const WRITE = [...CRASHES, "F4", "F5", "F6"] as const;
/** A message that dies once it is handled, or that the queue delivers twice. */
const TWICE = ["F2", "F6"] as const;
const RECORDED = ["F3"] as const;

const PLACED = "orders/order.placed.v1";
const HANDED = "orders/payment.captured.v1";
const CONFIRMED = "comms/payment.captured.v1";
const MONEY_BACK = "refunds/order.cancelled.v1";
const GOODS_BACK = "orders/order.cancelled.v1";
const SORRY = "comms/order.cancelled.v1";

/**
 * Every step of a checkout and of what follows it: before the effect (F1), after it (F2), after it is
 * recorded (F3), and what the network does to it. `#2`: the second of two SKUs.
 */
const ROWS: readonly Row[] = [
  // 0 claim the key
  ["buy", "checkout", "begin", ["F1"]],
  ["buy", "checkout", "recorded claim", RECORDED],
  // 1 validate
  ["buy", "checkout", "cart openCheckout", [...READ, "F19-before", "F19-after"]],
  ["buy", "checkout", "mysql select price_rules", READ],
  ["buy", "checkout", "breaker read", ["F4", "F19-after"]],
  // 2 hold each of N, then the codes
  ["buy", "checkout", "stock hold", OBJECT],
  ["buy", "checkout", "stock hold#2", OBJECT],
  ["buy", "checkout", "recorded redeeming", RECORDED],
  ["buy", "checkout", "coupon redeem", OBJECT],
  ["buy", "checkout", "voucher redeem", OBJECT],
  // 3 authorize
  ["buy", "checkout", "recorded authorizing", RECORDED],
  ["buy", "checkout", "recorded authorizing#2", RECORDED],
  ["buy", "checkout", "stripe authorize", NETWORK],
  ["adyen", "checkout", "adyen authorize", NETWORK],
  ["ask", "checkout", "breaker report", ["F4", "F19-after"]],
  ["ask", "checkout", "recorded asking", RECORDED],
  ["ask", "checkout", "stripe find", [...CRASHES, "F4", "F5"]],
  ["buy", "checkout", "recorded appending", RECORDED],
  // 3 undone: declined
  ["decline", "checkout", "recorded undoing", RECORDED],
  ["decline", "checkout", "coupon restore", OBJECT],
  ["decline", "checkout", "voucher restore", OBJECT],
  ["decline", "checkout", "stock release", OBJECT],
  ["decline", "checkout", "stock release#2", OBJECT],
  ["decline", "checkout", "recorded undone", RECORDED],
  // 4 append the order's events
  ["buy", "checkout", "mysql insert order_events", NETWORK],
  ["buy", "checkout", "recorded committing", RECORDED],
  // 5 commit each of N
  ["buy", "checkout", "stock commit", OBJECT],
  ["buy", "checkout", "stock commit#2", OBJECT],
  ["buy", "checkout", "recorded finishing", RECORDED],
  // 6 clear the cart
  ["buy", "checkout", "cart clearBought", OBJECT],
  // 7 enqueue
  ["buy", "checkout", "queue orders", NETWORK],
  ["buy", "checkout", "mysql update order_events", WRITE],
  ["buy", "checkout", "mysql insert orders", NETWORK],
  // 8 reply
  ["buy", "checkout", "recorded answer", RECORDED],
  ["buy", "checkout", "reply", ["F1"]],
  // webhooks
  ["buy", "webhook", "mysql insert payment_events", WRITE],
  ["buy", "webhook", "checkout hear", OBJECT],
  ["buy", "webhook", "reply", ["F1"]],
  // capture, and what it sets off
  ["buy", PLACED, "message", TWICE],
  ["buy", PLACED, "mysql select order_events", READ],
  ["buy", PLACED, "stripe capture", NETWORK],
  ["adyen", PLACED, "adyen capture", NETWORK],
  ["buy", PLACED, "mysql insert order_events", NETWORK],
  ["buy", PLACED, "queue comms", NETWORK],
  ["buy", PLACED, "mysql update order_events", WRITE],
  ["buy", PLACED, "reply", ["F1"]],
  ["buy", HANDED, "message", TWICE],
  ["buy", HANDED, "handover", NETWORK],
  ["buy", HANDED, "mysql insert webhook_deliveries", WRITE],
  ["buy", CONFIRMED, "message", TWICE],
  ["buy", CONFIRMED, "mail", NETWORK],
  ["buy", CONFIRMED, "mysql insert sent_messages", WRITE],
  ["buy", CONFIRMED, "mysql update order_events", WRITE],
  // cancel, refund or void, goods and codes back
  ["cancel", "cancel", "mysql insert order_events", NETWORK],
  ["cancel", "cancel", "reply", ["F1"]],
  ["cancel", MONEY_BACK, "message", TWICE],
  ["cancel", MONEY_BACK, "stripe refund", NETWORK],
  ["cancel", MONEY_BACK, "mysql insert order_events", NETWORK],
  ["cancel", MONEY_BACK, "queue comms", NETWORK],
  ["void", MONEY_BACK, "stripe void", NETWORK],
  ["cancel", GOODS_BACK, "message", TWICE],
  ["cancel", GOODS_BACK, "stock takeBack", OBJECT],
  ["cancel", GOODS_BACK, "stock takeBack#2", OBJECT],
  ["cancel", GOODS_BACK, "coupon restore", OBJECT],
  ["cancel", GOODS_BACK, "voucher restore", OBJECT],
  ["cancel", GOODS_BACK, "mysql insert order_events", NETWORK],
  ["cancel", SORRY, "message", TWICE],
  ["cancel", SORRY, "mail", NETWORK],
];

export const isCrash = (fault: Fault) => fault === "F1" || fault === "F2" || fault === "F3";

/** Each row with each of its faults; a crash also as one of the whole runtime. */
export const CASES: readonly Case[] = ROWS.flatMap(([flow, where, point, faults]) =>
  faults.flatMap((fault) => {
    const one = { flow, where, point, fault };
    return [{ ...one, isKill: false }, ...(isCrash(fault) ? [{ ...one, isKill: true }] : [])];
  }),
);

/** `F2 kill: checkout: stripe authorize` */
export const nameOf = ({ where, point, fault, isKill }: Case): string =>
  `${fault}${isKill ? " kill" : ""} · ${where} · ${point}`;

export const planOf = ({ point, fault, isKill }: Case): Plan => ({
  point,
  fault,
  isKill,
  isTracing: false,
});
