import type { DatabaseSync } from "node:sqlite";
import { breakerViolations } from "./breaker-checker.ts";

/** `subject` names the row that breaks the rule. */
export type Violation = { checker: string; seed: number; subject: string };

/** An order that counts: placed and not cancelled. */
export const STANDING = "(SELECT * FROM orders WHERE status <> 'cancelled')";
/**
 * The orders that goods are owed for. Not one whose money was all sent back before its lost stock could
 * cancel it: it is cancelled no more, nor is it ever shipped.
 */
const OWED = `(SELECT * FROM ${STANDING} s WHERE status <> 'refunded' OR EXISTS
  (SELECT 1 FROM inv WHERE reservation_id = s.attempt_key AND kind = 'CONFIRM'))`;

const SAME_SHELF = "i.sku = s.sku AND i.place = s.place AND i.location = s.location";

/**
 * The rules of RELIABILITY 2.4 as queries over the evidence; each must find no row. They know the
 * books of the outside and the ledgers, and nothing of what the saga believes.
 */
export const QUERIES: Record<string, readonly string[]> = {
  // What a shelf holds is what its ledger says, on every snapshot; and, at the end, what orders leave.
  I1: [
    `SELECT s.sku || ' ' || s.place || ' ' || s.location || '@' || s.at_seq FROM snap s WHERE s.on_hand <>
       (SELECT COALESCE(SUM(CASE WHEN kind IN ('RESTOCK', 'RETURN', 'TRANSFER') THEN qty
       WHEN kind = 'CONFIRM' THEN -qty ELSE 0 END), 0) FROM inv i WHERE ${SAME_SHELF} AND i.seq <= s.at_seq)`,
    `SELECT s.sku || ' ' || s.place || ' ' || s.location || '@' || s.at_seq FROM snap s WHERE s.held <>
       (SELECT COALESCE(SUM(CASE WHEN kind = 'RESERVE' THEN qty
       WHEN kind IN ('RELEASE', 'EXPIRE', 'CONFIRM') THEN -qty ELSE 0 END), 0)
       FROM inv i WHERE ${SAME_SHELF} AND i.seq <= s.at_seq)`,
    `SELECT s.sku FROM (SELECT sku, SUM(CASE kind WHEN 'RESTOCK' THEN qty WHEN 'RETURN' THEN qty
       WHEN 'CONFIRM' THEN -qty ELSE 0 END) AS left FROM inv GROUP BY sku) s
     WHERE s.left <> (SELECT SUM(qty) FROM inv i WHERE i.sku = s.sku AND kind = 'RESTOCK')
       - COALESCE((SELECT SUM(qty) FROM lines JOIN ${OWED} USING (order_id) WHERE sku = s.sku), 0)`,
    // What came back from customers is on the shelf again, once.
    `SELECT movement_id || ' ' || sku FROM (SELECT movement_id, sku, SUM(qty) AS due FROM restocks
       GROUP BY movement_id, sku) r WHERE due <> (SELECT COALESCE(SUM(qty), 0) FROM inv i
       WHERE i.reservation_id = r.movement_id AND i.sku = r.sku)`,
    `SELECT reservation_id || ' ' || sku FROM inv WHERE reservation_id LIKE 'restock:%'
       AND reservation_id NOT IN (SELECT movement_id FROM restocks)`,
    // What leaves one place of a SKU arrives at another, once and whole, or is on its way: that is only
    // the newest of its channel.
    `SELECT sku || ' ' || reservation_id FROM inv WHERE kind = 'TRANSFER' GROUP BY sku, reservation_id, location
       HAVING COUNT(*) > 2 OR SUM(qty) > 0 OR (COUNT(*) = 2 AND SUM(qty) <> 0)`,
    `SELECT sku || ' ' || channel FROM (SELECT sku, reservation_id, rtrim(reservation_id, '0123456789') AS channel
       FROM inv WHERE kind = 'TRANSFER' GROUP BY sku, reservation_id, location HAVING SUM(qty) <> 0)
       GROUP BY sku, channel HAVING COUNT(DISTINCT reservation_id) > 1`,
  ],
  I1b: [
    `SELECT sku || ' ' || place || ' ' || location || '#' || seq FROM (SELECT *, SUM(CASE
       WHEN kind IN ('RESTOCK', 'RETURN', 'RELEASE', 'EXPIRE', 'TRANSFER') THEN qty
       WHEN kind = 'RESERVE' THEN -qty ELSE 0 END) OVER (PARTITION BY sku, place, location ORDER BY seq)
       AS free FROM inv) WHERE free < 0`,
  ],
  I2: [
    `SELECT sku FROM lines l JOIN ${OWED} USING (order_id) GROUP BY sku HAVING
       SUM(qty) > (SELECT SUM(qty) FROM inv i WHERE i.sku = l.sku AND kind = 'RESTOCK')`,
    // No shopper has bought more than one may have.
    `SELECT i.sku || ' ' || shopper FROM inv i JOIN limits USING (sku) JOIN buyers ON attempt_key = reservation_id
       GROUP BY i.sku, shopper HAVING SUM(CASE kind WHEN 'CONFIRM' THEN qty WHEN 'RETURN' THEN -qty ELSE 0 END)
       > MAX(units_max)`,
  ],
  // Nothing is still reserved once every attempt is over, and nobody was refused what was free.
  I3: [
    "SELECT sku FROM snap WHERE final = 1 AND held <> 0",
    "SELECT sku FROM last_buyers WHERE refused = 1 AND available > 0",
  ],
  // All lines of a standing order were taken, and of no other.
  I4: [
    `SELECT order_id || ' ' || l.sku FROM lines l JOIN ${OWED} o USING (order_id) WHERE l.qty <> (SELECT
       COALESCE(SUM(CASE kind WHEN 'CONFIRM' THEN qty WHEN 'RETURN' THEN -qty ELSE 0 END), 0)
       FROM inv i WHERE i.reservation_id = o.attempt_key AND i.sku = l.sku)`,
    `SELECT reservation_id FROM inv WHERE kind IN ('CONFIRM', 'RETURN')
       AND reservation_id NOT IN (SELECT attempt_key FROM ${STANDING}) GROUP BY reservation_id, sku
       HAVING SUM(CASE kind WHEN 'CONFIRM' THEN qty WHEN 'RETURN' THEN -qty ELSE 0 END) <> 0`,
  ],
  I5: [
    "SELECT checkout_id FROM psp WHERE kind = 'CAPTURE' GROUP BY 1 HAVING COUNT(*) > 1",
    "SELECT psp || idem_key FROM psp WHERE kind = 'CAPTURE' GROUP BY psp, idem_key HAVING COUNT(*) > 1",
  ],
  I6: [
    `SELECT currency FROM (SELECT currency, CASE kind WHEN 'CAPTURE' THEN amount ELSE -amount END AS v
       FROM psp WHERE kind IN ('CAPTURE', 'REFUND') UNION ALL SELECT currency, refunded_minor - paid_minor
       FROM orders WHERE psp <> 'none') GROUP BY 1 HAVING SUM(v) <> 0`,
    `SELECT order_id FROM orders o WHERE total_minor <> (SELECT SUM(qty * unit_minor) FROM lines l
       WHERE l.order_id = o.order_id) + ship_minor - discount_minor - voucher_minor`,
    `SELECT ref FROM psp GROUP BY psp, ref HAVING SUM(CASE kind WHEN 'REFUND' THEN amount ELSE 0 END)
       > SUM(CASE kind WHEN 'CAPTURE' THEN amount ELSE 0 END)`,
    // What an order says went back is what the processor says, once per refund that was asked for.
    `SELECT order_id FROM orders o WHERE psp <> 'none' AND refunded_minor <> (SELECT COALESCE(SUM(amount), 0)
       FROM psp p WHERE p.psp = o.psp AND p.ref = o.ref AND kind = 'REFUND')`,
    `SELECT refund_id FROM refunds r WHERE amount > 0 AND CASE status WHEN 'refunded' THEN amount ELSE 0 END <>
       (SELECT COALESCE(SUM(p.amount), 0) FROM psp p WHERE kind = 'REFUND'
       AND idem_key = 'refund:' || r.order_id || ':' || refund_id)`,
  ],
  I7: [
    `SELECT order_id FROM ${STANDING} o WHERE total_minor > 0 AND NOT EXISTS (SELECT 1 FROM psp p
       WHERE p.psp = o.psp AND p.ref = o.ref AND kind = 'CAPTURE' AND amount = total_minor
       AND p.currency = o.currency)`,
  ],
  // Money that moved belongs to a standing order or went back; money that was reserved is free again.
  I8: [
    `SELECT p.ref FROM psp p WHERE kind = 'CAPTURE' AND NOT EXISTS (SELECT 1 FROM ${STANDING} o
       WHERE o.psp = p.psp AND o.ref = p.ref) AND amount <> COALESCE((SELECT SUM(amount) FROM psp r
       WHERE r.psp = p.psp AND r.ref = p.ref AND r.kind = 'REFUND'), 0)`,
    `SELECT p.psp || ' ' || p.ref FROM psp p WHERE kind = 'AUTHORIZE' AND NOT EXISTS (SELECT 1 FROM psp r
       WHERE r.psp = p.psp AND r.ref = p.ref AND r.kind IN ('CAPTURE', 'VOID'))`,
  ],
  // One key has one answer, one checkout one order; and a bought order's key answers with the order.
  I9: [
    `SELECT shopper || ' ' || idem_key FROM http WHERE status NOT IN (409, 422, 429) AND status < 500
       GROUP BY shopper, idem_key HAVING COUNT(DISTINCT status || body) > 1`,
    "SELECT checkout_id FROM orders GROUP BY 1 HAVING COUNT(DISTINCT order_id) > 1",
    `SELECT h.shopper || ' ' || h.idem_key FROM http h JOIN attempts a
       ON a.checkout_id = h.shopper AND a.answer_key = h.idem_key JOIN ${STANDING} o USING (attempt_key)
       WHERE h.last = 1 AND h.status NOT IN (201, 202, 422)`,
  ],
  I10: [
    `SELECT order_id FROM events GROUP BY 1
       HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*) OR COUNT(DISTINCT event_id) <> COUNT(*)`,
  ],
  I12: [
    "SELECT h.order_id FROM http h LEFT JOIN orders o USING (order_id) WHERE h.status = 201 AND o.order_id IS NULL",
  ],
  // Every message was told of, was done, and did its effect at most once; none was never sent.
  I13: [
    `SELECT effect_id FROM q GROUP BY 1 HAVING SUM(op = 'ENQUEUE') = 0 OR SUM(op = 'DONE') = 0
       OR SUM(op = 'EFFECT') > 1`,
    `SELECT event_id FROM events WHERE type IN ('order.placed.v1', 'order.cancelled.v1', 'payment.captured.v1')
       AND NOT EXISTS (SELECT 1 FROM q WHERE effect_id LIKE event_id || ':%')`,
  ],
  I14: [
    `SELECT o.order_id FROM orders o LEFT JOIN mail m ON m.order_id = o.order_id AND template = 'confirmation'
       GROUP BY o.order_id HAVING COUNT(DISTINCT provider_msg) <> 1`,
    `SELECT o.order_id FROM orders o LEFT JOIN mail m ON m.order_id = o.order_id AND template = 'cancellation'
       GROUP BY o.order_id HAVING COUNT(DISTINCT provider_msg) <> MAX(o.status = 'cancelled')`,
    "SELECT order_id FROM mail WHERE order_id NOT IN (SELECT order_id FROM orders)",
  ],
  I15: ["SELECT shopper || ' ' || sku FROM carts WHERE expected <> actual"],
  I16: [
    `SELECT code || '#' || seq FROM (SELECT code, seq, SUM(CASE kind WHEN 'redeem' THEN 1 ELSE -1 END)
       OVER (PARTITION BY code ORDER BY seq) AS uses FROM coupon_ledger) JOIN coupons USING (code)
       WHERE uses > uses_max OR uses < 0`,
    `SELECT l.code || ' ' || shopper FROM coupon_ledger l JOIN coupons c USING (code) GROUP BY l.code, shopper
       HAVING SUM(CASE kind WHEN 'redeem' THEN 1 ELSE -1 END) > MAX(per_shopper_max)`,
    `SELECT voucher_id || '#' || seq FROM (SELECT voucher_id, seq, SUM(CASE kind WHEN 'redeem' THEN -amount
       ELSE amount END) OVER (PARTITION BY voucher_id ORDER BY seq) AS balance FROM voucher_ledger)
       WHERE balance < 0`,
    // What a standing order took off was used up, once; what no standing order took is there again.
    `SELECT order_id FROM ${STANDING} o JOIN quotes u USING (quote_id) WHERE u.coupon IS NOT NULL
       AND 1 <> (SELECT COALESCE(SUM(CASE kind WHEN 'redeem' THEN 1 ELSE -1 END), 0)
       FROM coupon_ledger WHERE redemption_id = o.attempt_key)`,
    `SELECT order_id FROM ${STANDING} o JOIN quotes u USING (quote_id) WHERE u.voucher_id IS NOT NULL
       AND o.voucher_minor <> (SELECT COALESCE(SUM(CASE kind WHEN 'redeem' THEN amount ELSE -amount END), 0)
       FROM voucher_ledger WHERE reference = o.attempt_key)`,
    `SELECT redemption_id FROM coupon_ledger WHERE redemption_id NOT IN (SELECT attempt_key FROM ${STANDING})
       GROUP BY code, redemption_id HAVING SUM(CASE kind WHEN 'redeem' THEN 1 ELSE -1 END) <> 0`,
    `SELECT used_by FROM (SELECT v.*, COALESCE(attempt_key, reference) AS used_by FROM voucher_ledger v
       LEFT JOIN refunds ON refund_id = reference) WHERE kind <> 'issue'
       AND used_by NOT IN (SELECT attempt_key FROM ${STANDING}) GROUP BY voucher_id, used_by
       HAVING SUM(CASE kind WHEN 'redeem' THEN amount ELSE -amount END) <> 0`,
    // A refund of a standing order gives vouchers their share, once.
    `SELECT refund_id FROM refunds r JOIN ${STANDING} o USING (order_id)
       WHERE CASE r.status WHEN 'refunded' THEN r.voucher_minor ELSE 0 END <> (SELECT COALESCE(SUM(amount), 0)
       FROM voucher_ledger WHERE kind = 'credit' AND reference = refund_id)`,
  ],
  I18: [
    // Elsewhere only after an answer that surely means: nothing happened.
    `SELECT a.attempt_key FROM calls a JOIN calls b ON b.attempt_key = a.attempt_key AND b.psp <> a.psp
       AND b.n > a.n WHERE a.outcome IN ('unknown', 'declined', 'approved')`,
  ],
  I19: [
    "SELECT attempt_key || ' ' || step FROM steps WHERE step NOT IN ('done', 'undone')",
    "SELECT refund_id FROM refunds WHERE status = 'pending' AND amount > 0",
    "SELECT movement_id FROM restocks WHERE done = 0",
  ],
  // A hold is made in one place, ends once, one way, and is sold only by its own units.
  I20: [
    `SELECT reservation_id || ' ' || sku FROM inv WHERE kind IN ('RESERVE', 'RELEASE', 'EXPIRE', 'CONFIRM')
       GROUP BY reservation_id, sku, place, location HAVING SUM(CASE kind WHEN 'RESERVE' THEN qty ELSE -qty END) <> 0
       OR SUM(kind = 'CONFIRM') > 1`,
    `SELECT reservation_id || ' ' || sku FROM inv WHERE kind IN ('RESERVE', 'CONFIRM')
       GROUP BY reservation_id, sku HAVING COUNT(DISTINCT place) > 1`,
  ],
  I22: [
    // Charged is what the accepted quote says, to the unit.
    `SELECT order_id FROM orders o JOIN quotes u USING (quote_id) JOIN psp p ON p.psp = o.psp AND p.ref = o.ref
       AND p.kind IN ('AUTHORIZE', 'CAPTURE') WHERE p.amount <> u.total_minor`,
    // No order by a quote that had run out, or whose prices were others when it began.
    `SELECT order_id FROM orders o JOIN attempts a USING (attempt_key) JOIN quotes u ON u.quote_id = o.quote_id
       WHERE a.started_ms >= u.expires_ms OR a.quote_id <> o.quote_id`,
    `SELECT order_id FROM orders JOIN attempts a USING (attempt_key) JOIN lines l USING (order_id)
       WHERE l.unit_minor <> (SELECT unit_minor FROM prices p WHERE p.sku = l.sku
       AND from_ms < a.started_ms ORDER BY from_ms DESC LIMIT 1)`,
    `SELECT quote_id || ' ' || ql.sku FROM quote_lines ql JOIN quotes u USING (quote_id) WHERE NOT EXISTS
       (SELECT 1 FROM prices p WHERE p.sku = ql.sku AND p.unit_minor = ql.unit_minor
       AND from_ms <= u.created_ms)`,
  ],
  I24: [
    // Of cards that are declined no more reach a processor than the limit, and what came back meanwhile. A
    // try is taken within a minute of its attempt's beginning: later only by who repeats it after a crash.
    `WITH d AS (SELECT kind, name, started_ms AS at, ROW_NUMBER() OVER (PARTITION BY kind, name
         ORDER BY started_ms) AS n FROM attempts JOIN askers USING (attempt_key)
         WHERE attempt_key IN (SELECT idem_key FROM psp WHERE kind = 'DECLINE'))
       SELECT DISTINCT a.kind || ' ' || a.name FROM d a JOIN d b USING (kind, name) JOIN try_limits t USING (kind)
       WHERE b.n >= a.n AND b.n - a.n + 1 > t.tries + (b.at - a.at + 60000) * 1.0 / t.token_ms`,
    // Who was over a limit is not for ever: the same key works once there is room.
    `SELECT shopper || ' ' || idem_key FROM http h WHERE status = 429 AND last = 1 AND EXISTS (SELECT 1
       FROM http e WHERE e.shopper = h.shopper AND e.idem_key = h.idem_key AND e.status = 429 AND e.last = 0)`,
  ],
  // The code's own assertions held.
  ASSERT: ["SELECT place || ': ' || message FROM thrown"],
};

/** All rows that break a rule of the simulation, the circuit's timing too. */
export function violationsIn(database: DatabaseSync, seed: number): Violation[] {
  const breaker = breakerViolations(database).map((subject) => ({ checker: "I18", seed, subject }));
  return [...breaker, ...rowsThatBreak(QUERIES, database, seed)];
}

/** All rows that any of these queries finds. */
export function rowsThatBreak(
  rules: Record<string, readonly string[]>,
  database: DatabaseSync,
  seed: number,
): Violation[] {
  const found: Violation[] = [];
  for (const [checker, queries] of Object.entries(rules)) {
    for (const query of queries) {
      for (const row of database.prepare(query).all()) {
        found.push({ checker, seed, subject: String(Object.values(row)[0]) });
      }
    }
  }
  return found;
}
