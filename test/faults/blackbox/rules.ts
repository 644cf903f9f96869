import { QUERIES, STANDING } from "../evidence/checkers.ts";

/**
 * The simulation's rules, held over a running shop, and those that only it can break. The real mail
 * consumer says nothing of an order that is already cancelled, so I14 counts by what still stands.
 */
export const RULES: Record<string, readonly string[]> = {
  ...QUERIES,
  // The list is what the events make, folded by the proof itself.
  I11: [
    `SELECT order_id FROM orders o LEFT JOIN listed l USING (order_id) WHERE l.order_id IS NULL
       OR l.captured_minor <> o.paid_minor OR l.refunded_minor <> o.refunded_minor
       OR (l.status = 'cancelled') <> (o.status = 'cancelled')`,
  ],
  I13: [
    ...(QUERIES.I13 ?? []),
    `SELECT o.order_id FROM ${STANDING} o JOIN events e ON e.order_id = o.order_id
       AND e.type = 'payment.captured.v1' WHERE o.psp <> 'none' AND NOT EXISTS
       (SELECT 1 FROM q WHERE effect_id = e.event_id || ':orders' AND op = 'EFFECT')`,
    "SELECT queue || ' ' || message_id FROM dead_letters",
  ],
  I14: [
    `SELECT o.order_id FROM ${STANDING} o LEFT JOIN mail m ON m.order_id = o.order_id
       AND template = 'confirmation' GROUP BY o.order_id HAVING COUNT(DISTINCT provider_msg) <> 1`,
    `SELECT o.order_id FROM orders o LEFT JOIN mail m ON m.order_id = o.order_id
       AND template = 'cancellation' GROUP BY o.order_id
       HAVING COUNT(DISTINCT provider_msg) <> MAX(o.status = 'cancelled')`,
    "SELECT order_id FROM mail GROUP BY order_id, template HAVING COUNT(DISTINCT provider_msg) > 1",
    "SELECT order_id FROM mail WHERE order_id NOT IN (SELECT order_id FROM orders)",
  ],
  // In the cart is what was put there, without what the order took of it.
  I15: [
    `SELECT shopper || ' ' || sku FROM carts c WHERE expected - COALESCE((SELECT SUM(qty) FROM lines l
       JOIN orders o USING (order_id) WHERE o.checkout_id = c.shopper AND l.sku = c.sku), 0) <> actual`,
  ],
  // Whatever was told twice, late or never: all of it is dealt with, and the books agree (I6 to I8).
  I17: ["SELECT psp || ' ' || event_id FROM unheard"],
  I19: [
    ...(QUERIES.I19 ?? []),
    "SELECT payment_key FROM open_payments",
    "SELECT shopper || ' ' || ending FROM endings WHERE ending = 'lost'",
    `SELECT order_id FROM ${STANDING} WHERE status = 'placed'`,
  ],
  I21: ["SELECT shopper || ' was sent ' || what FROM leaks"],
};
