import { Client } from "@planetscale/database";
import type { Evidence } from "../evidence/evidence.ts";
import { PROCESSORS, type ProofShop } from "./proof-shop.ts";

type Money = { amount: number; currency: string };
type Placed = {
  checkoutId: string;
  holdId: string;
  quoteId: string;
  lines: { sku: string; quantity: number; unitPrice: Money }[];
  totals: Record<"discount" | "shipping" | "tax" | "voucher" | "total", Money | undefined>;
  payment: { processor: string; paymentId: string };
};
type EventRow = {
  order_id: string;
  sequence: number;
  event_id: string;
  type: string;
  data: unknown;
  published_at_ms: string | null;
  awaiting: number;
};

const PAGE = 2_000;
/** Which consumers each event has to come to, known here by itself. */
const QUEUES: Record<string, readonly [name: string, bit: number][]> = {
  "order.placed.v1": [["orders", 1]],
  "payment.captured.v1": [
    ["orders", 1],
    ["comms", 4],
  ],
  "order.cancelled.v1": [
    ["orders", 1],
    ["refunds", 2],
    ["comms", 4],
  ],
};

/** Reads what the outside saw: both processors' books, the event log, the mail sink, the warehouse. */
export async function collectOutside(evidence: Evidence, shop: ProofShop): Promise<void> {
  const events = await eventRows(shop);
  const captures = await processorBooks(evidence, shop);
  const handed = await handedOver(shop);
  for (const [orderId, stream] of Map.groupBy(events, ({ order_id: id }) => id)) {
    order(evidence, orderId, stream);
    for (const event of stream) queueTrace(evidence, event, { captures, handed });
  }
  await mails(evidence, shop);
  const database = new Client({ url: String(shop.vars.MYSQL_URL) });
  const copy = async (table: Parameters<Evidence["add"]>[0], query: string) => {
    const { rows } = await database.execute(query);
    for (const row of rows) evidence.add(table, ...(Object.values(row) as (string | number)[]));
  };
  await copy("listed", "SELECT order_id, status, captured_minor, refunded_minor FROM orders");
  const open = "SELECT payment_key FROM open_payments";
  await copy("open_payments", open);
  const news = "SELECT processor, event_id FROM payment_events WHERE handled_at_ms IS NULL";
  await copy("unheard", news);
  await copy("dead_letters", "SELECT queue, id FROM dead_letters");
}

/** Everything in the log, in pages: an answer of the gateway has a limit. */
async function eventRows(shop: ProofShop): Promise<EventRow[]> {
  const database = new Client({ url: String(shop.vars.MYSQL_URL) });
  const rows: EventRow[] = [];
  for (let after = ""; ; ) {
    const { rows: page } = await database.execute(
      `SELECT order_id, sequence, event_id, type, data, published_at_ms, awaiting FROM order_events
       WHERE event_id > ? ORDER BY event_id LIMIT ${PAGE}`,
      [after],
    );
    rows.push(...(page as EventRow[]));
    after = (page.at(-1) as EventRow | undefined)?.event_id ?? "";
    if (page.length < PAGE) return rows;
  }
}

async function processorBooks(evidence: Evidence, shop: ProofShop): Promise<Map<string, number>> {
  const captures = new Map<string, number>();
  let n = 0;
  for (const psp of PROCESSORS) {
    for (const entry of await shop.ledgerOf(psp)) {
      if (!entry.ok || entry.kind === "decline") continue;
      const { kind, amount, currency, checkoutId, idempotencyKey, parent, paymentId } = entry;
      n += 1;
      const ref = parent ?? paymentId;
      const key = idempotencyKey ?? ref;
      evidence.add("psp", n, psp, checkoutId, key, ref, kind.toUpperCase(), amount, currency);
      const order = /^capture:(.+)$/.exec(idempotencyKey ?? "")?.[1];
      if (kind === "capture" && order) captures.set(order, (captures.get(order) ?? 0) + 1);
    }
  }
  return captures;
}

/** An order by a fold of the proof's own: what its events say of money, goods and state. */
function order(evidence: Evidence, orderId: string, stream: readonly EventRow[]): void {
  let placed: Placed | undefined;
  let status = "none";
  let paid = 0;
  let refunded = 0;
  for (const { sequence, event_id: id, type, data } of stream) {
    evidence.add("events", orderId, sequence, id, type);
    const body = (typeof data === "string" ? JSON.parse(data) : data) as Placed & { amount: Money };
    if (type === "order.placed.v1") [placed, status] = [body, "placed"];
    if (type === "payment.captured.v1") paid += body.amount.amount;
    if (type === "payment.captured.v1" && status === "placed") status = "paid";
    if (type === "payment.refunded.v1") refunded += body.amount.amount;
    if (type === "order.cancelled.v1") status = "cancelled";
  }
  if (!placed) return;
  const { checkoutId, holdId, quoteId, totals, payment, lines } = placed;
  const minor = (part: Money | undefined) => part?.amount ?? 0;
  const currency = totals.total?.currency ?? "";
  const total = minor(totals.total);
  const shipping = minor(totals.shipping) + minor(totals.tax);
  const off = [minor(totals.discount), minor(totals.voucher)];
  const { processor, paymentId } = payment;
  const names = [orderId, checkoutId, holdId, quoteId, processor, paymentId, status, currency];
  evidence.add("orders", ...names, total, shipping, ...off, paid, refunded);
  for (const { sku, quantity, unitPrice } of lines) {
    evidence.add("lines", orderId, sku, quantity, unitPrice.amount);
  }
}

type Effects = { captures: ReadonlyMap<string, number>; handed: ReadonlySet<string> };

function queueTrace(evidence: Evidence, event: EventRow, { captures, handed }: Effects): void {
  const { event_id: id, order_id: orderId, type } = event;
  for (const [queue, bit] of QUEUES[type] ?? []) {
    const effect = `${id}:${queue}`;
    if (event.published_at_ms !== null) evidence.add("q", "ENQUEUE", effect);
    if ((event.awaiting & bit) === 0) evidence.add("q", "DONE", effect);
    const times = type === "order.placed.v1" ? (captures.get(orderId) ?? 0) : 0;
    for (let n = 0; n < times; n += 1) evidence.add("q", "EFFECT", effect);
    if (type === "payment.captured.v1" && queue === "orders" && handed.has(id)) {
      evidence.add("q", "EFFECT", effect);
    }
  }
}

/** The events that the warehouse took over; a repeat has the same id, and the warehouse knows it by that. */
async function handedOver(shop: ProofShop): Promise<Set<string>> {
  const url = `http://127.0.0.1:${shop.ports.deliveries}/deliveries?path=/handover/warehouse`;
  const { deliveries } = (await (await fetch(url)).json()) as {
    deliveries: { headers: Record<string, string> }[];
  };
  return new Set(
    deliveries.map(({ headers }) => String(headers["webhook-id"]).replace("msg_", "")),
  );
}

async function mails(evidence: Evidence, shop: ProofShop): Promise<void> {
  const url = `http://127.0.0.1:${shop.ports.messages}/messages`;
  const { messages } = (await (await fetch(url)).json()) as {
    messages: { id: string; channel: string; tags: { name: string; value: string }[] }[];
  };
  for (const { id, channel, tags } of messages) {
    const tag = (name: string) => tags.find((each) => each.name === name)?.value ?? "";
    const template = /order-(confirmation|cancellation)/.exec(tag("template"))?.[1];
    if (channel === "email" && template) evidence.add("mail", tag("order"), template, id);
  }
}
