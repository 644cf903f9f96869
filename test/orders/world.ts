import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import {
  type EventData,
  findOrder,
  type OrderQueues,
  type OrderState,
  placeOrder,
} from "../../src/orders/index.ts";
import { orderEvents } from "../../src/orders/schema.ts";
import { openProcessors } from "../../src/payments/index.ts";
import { type Io, openIo } from "../../src/platform/io/io.ts";
import type { Envelope } from "../../src/platform/queues/envelope.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { newOrderId, placedBody } from "./placed-order.ts";

/** The real engines of this run, seen at a moment that the test may set. */
export const ioAt = (nowMs = Date.now(), trace = "req_orders_test"): Io =>
  openIo(env, trace, undefined, { nowMs: () => nowMs });

type Recorded = { queues: OrderQueues; sent: Record<keyof OrderQueues, Envelope[]> };

/** Queues that remember what they were sent; those named in `down` refuse. */
export function recordingQueues(down: readonly (keyof OrderQueues)[] = []): Recorded {
  const sent: Recorded["sent"] = { ORDERS_QUEUE: [], REFUNDS_QUEUE: [], COMMS_QUEUE: [] };
  const queue = (name: keyof OrderQueues) =>
    ({
      sendBatch: async (messages: Iterable<{ body: Envelope }>) => {
        if (down.includes(name)) throw new Error(`${name} is down`);
        for (const { body } of messages) sent[name].push(body);
      },
    }) as unknown as Queue;
  const queues = {
    ORDERS_QUEUE: queue("ORDERS_QUEUE"),
    REFUNDS_QUEUE: queue("REFUNDS_QUEUE"),
    COMMS_QUEUE: queue("COMMS_QUEUE"),
  };
  return { queues, sent };
}

type Placing = {
  quantities?: number[];
  email?: string;
  cartOwner?: string;
  phone?: string;
  /** One unit of the first line from each; the first of them bears the shipping. */
  from?: readonly string[];
  occurredAtMs?: number;
  /** What the clock says while it is written; from then on the outbox counts. */
  appendedAtMs?: number;
};

/** An order of its own, written as checkout writes it but with a payment that no processor knows. */
export async function placed({
  quantities = [2],
  email = "ada@example.com",
  cartOwner,
  phone,
  from = [],
  occurredAtMs = Date.now(),
  appendedAtMs = Date.now(),
}: Placing = {}): Promise<{ orderId: OrderId; body: EventData<"order.placed.v1"> }> {
  const orderId = newOrderId();
  const plain = placedBody(orderId, quantities);
  const shippingAddress = { ...plain.shippingAddress, ...(phone === undefined ? {} : { phone }) };
  const shipments = from.map((code, at) => ({
    id: `shp_${at + 1}`,
    location: { code, name: code },
    lines: [{ lineId: plain.lines[0]!.id, quantity: 1 }],
    shipping: at === 0 ? plain.totals.shipping : { ...plain.totals.shipping, amount: 0 },
  }));
  const owner = cartOwner === undefined ? {} : { cartOwner };
  const body = { ...plain, email, shippingAddress, shipments, ...owner };
  const actor = { kind: "shopper", id: "guest" } as const;
  await placeOrder(ioAt(appendedAtMs), { orderId, body, actor, occurredAtMs });
  return { orderId, body };
}

/** An order whose payment the local processor really authorized. */
export async function placedWithPayment(placing: Placing = {}) {
  const io = ioAt();
  const orderId = newOrderId();
  const body = { ...placedBody(orderId, placing.quantities ?? [2]), ...pick(placing) };
  const { checkoutId } = body;
  const [processor] = openProcessors(io).order;
  if (!processor) throw new Error("no processor is configured");
  const amount = body.totals.total;
  const request = { key: checkoutId, checkoutId, orderId, amount, token: "tok_ok" };
  const outcome = await processor.authorize(request);
  if (outcome.kind !== "approved") throw new Error(`not authorized: ${outcome.kind}`);
  body.payment = { processor: processor.name, paymentId: outcome.paymentId, authorized: amount };
  const actor = { kind: "shopper", id: "guest" } as const;
  await placeOrder(io, { orderId, body, actor, occurredAtMs: Date.now() });
  return { orderId, body };
}

const pick = ({ email }: Placing) => (email === undefined ? {} : { email });

export async function orderNow(orderId: OrderId): Promise<OrderState> {
  const order = await findOrder(ioAt(), orderId);
  if (!order) throw new Error("there is no such order");
  return order;
}

type LedgerEntry = { kind: string; ok: boolean; amount: number; idempotencyKey: string };

/** What the processor itself says it did for a checkout: the successful entries, oldest first. */
export async function ledgerOf(checkoutId: string): Promise<LedgerEntry[]> {
  const response = await fetch(`${env.STRIPE_URL}/ledger?checkoutId=${checkoutId}`);
  const { entries } = await response.json<{ entries: LedgerEntry[] }>();
  return entries.filter(({ ok }) => ok);
}

type SinkMessage = {
  channel: "email" | "sms" | "push";
  to: string;
  subject: string | null;
  text: string;
  html: string;
  tags: { name: string; value: string }[];
  calls: number;
};

/** The messages that reached an address or a phone, as the provider saw them. */
export async function mailsTo(address: string): Promise<SinkMessage[]> {
  const response = await fetch(`${env.MAIL_URL}/messages?to=${encodeURIComponent(address)}`);
  return (await response.json<{ messages: SinkMessage[] }>()).messages;
}

type Delivery = { headers: Record<string, string>; body: string };

/** The webhooks that arrived at a path of the sink, oldest first. */
export async function deliveriesAt(path: string): Promise<Delivery[]> {
  const response = await fetch(`${deliverySink()}/deliveries?path=${encodeURIComponent(path)}`);
  return (await response.json<{ deliveries: Delivery[] }>()).deliveries;
}

/** The one origin inside that webhooks of this run may go to. */
export const deliverySink = (): string => ioAt().config.WEBHOOK_ALLOWED_ORIGINS[0] ?? "";

/** What the outbox notes about each event of an order, oldest first. */
export function outboxOf(orderId: OrderId) {
  const { publishedAtMs, dueAtMs, awaiting } = orderEvents;
  return ioAt()
    .sql.select({ publishedAtMs, dueAtMs, awaiting })
    .from(orderEvents)
    .where(eq(orderEvents.orderId, orderId))
    .orderBy(orderEvents.sequence);
}

/** When each event of an order was last marked as published, oldest first. */
export const marks = async (orderId: OrderId): Promise<(number | null)[]> =>
  (await outboxOf(orderId)).map(({ publishedAtMs }) => publishedAtMs);
