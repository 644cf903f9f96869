import { z } from "zod";
import type { Envelope } from "../platform/queues/envelope.ts";
import { timestamp } from "../shared/clock.ts";
import { OrderId } from "../shared/ids.ts";
import type { OrderEvent, OrderEventType, OrderStatus } from "./model.ts";

/** The queues that order events go to: the bindings of a Worker that publishes. */
export type OrderQueues = {
  readonly ORDERS_QUEUE: Queue;
  readonly REFUNDS_QUEUE: Queue;
  readonly COMMS_QUEUE: Queue;
};
export type OrderQueueName = keyof OrderQueues;

/** One event for several families goes to several queues: a queue has one consumer. */
const ROUTES: Record<OrderEventType, readonly OrderQueueName[]> = {
  "order.placed.v1": ["ORDERS_QUEUE"],
  "payment.captured.v1": ["ORDERS_QUEUE", "COMMS_QUEUE"],
  "payment.capture_accepted.v1": [],
  "payment.capture_failed.v1": [],
  "payment.capture_requested.v1": ["ORDERS_QUEUE"],
  "order.cancelled.v1": ["REFUNDS_QUEUE", "ORDERS_QUEUE", "COMMS_QUEUE"],
  "payment.voided.v1": [],
  "payment.refunded.v1": ["COMMS_QUEUE"],
  "order.stock_returned.v1": [],
  "order.shipped.v1": ["COMMS_QUEUE"],
  "refund.requested.v1": ["REFUNDS_QUEUE"],
  "voucher.credited.v1": ["COMMS_QUEUE"],
  "refund.failed.v1": [],
  "return.requested.v1": ["COMMS_QUEUE"],
  "return.received.v1": ["ORDERS_QUEUE", "COMMS_QUEUE"],
  "return.refused.v1": ["COMMS_QUEUE"],
  "return.restocked.v1": [],
  "order.claimed.v1": [],
  "order.erased.v1": [],
};

/** As stored in `order_events.awaiting`: a bit keeps its meaning for ever. */
const QUEUE_BITS: Record<OrderQueueName, number> = {
  ORDERS_QUEUE: 1,
  REFUNDS_QUEUE: 2,
  COMMS_QUEUE: 4,
};

export const bitOf = (queue: OrderQueueName): number => QUEUE_BITS[queue];

export const bitsOf = (queues: readonly OrderQueueName[]): number =>
  queues.reduce((bits, queue) => bits | bitOf(queue), 0);

export const queuesIn = (bits: number): OrderQueueName[] =>
  (Object.keys(QUEUE_BITS) as OrderQueueName[]).filter((queue) => (bits & bitOf(queue)) !== 0);

/** The queues of an event, given the order's status after it. */
export function queuesOf(type: OrderEventType, status: OrderStatus): readonly OrderQueueName[] {
  // The capture lost the race against a cancellation, whose own message may be handled already:
  // nobody else would send this money back.
  const owed = type === "payment.captured.v1" && status === "cancelled";
  return owed ? [...ROUTES[type], "REFUNDS_QUEUE"] : ROUTES[type];
}

/**
 * What an order message carries: where to look, not what was there. Consumers act on the order as it
 * is when they run, and no address or amount lies about in queues and dead letters.
 */
export const OrderMessage = z.object({ orderId: OrderId, sequence: z.int().min(1) });
export type OrderMessage = z.infer<typeof OrderMessage>;

export const orderEnvelope = (event: OrderEvent): Envelope => ({
  id: event.eventId,
  type: event.type,
  occurredAt: timestamp(event.occurredAtMs),
  trace: event.trace,
  data: { orderId: event.orderId, sequence: event.sequence } satisfies OrderMessage,
});
