import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { deadLetters } from "../../src/operations/schema.ts";
import { eventIdFor, type OrderEventType } from "../../src/orders/index.ts";
import type { Envelope } from "../../src/platform/queues/envelope.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { ioAt, recordingQueues } from "../orders/world.ts";

type Consumer<E> = { queue(batch: MessageBatch, env: E): Promise<void> };

/** What became of a batch: how many messages are done with, and how many come back. */
export type Delivery = { acked: number; retried: number };

/** Delivers messages to a consumer Worker as its queue would, one batch, and tells how they were settled. */
export async function deliver<E>(
  worker: Consumer<E>,
  queue: string,
  bodies: readonly unknown[],
  overrides: Partial<E> = {},
): Promise<Delivery> {
  const messages = bodies.map((body) => ({
    id: crypto.randomUUID(),
    timestamp: new Date(),
    attempts: 1,
    body,
  }));
  const batch = createMessageBatch(queue, messages);
  const context = createExecutionContext();
  const bindings = { ...env, ...recordingQueues().queues, ...overrides };
  await worker.queue(batch, bindings as unknown as E);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context);
  return { acked: explicitAcks.length, retried: retryMessages.length };
}

/** The message that an order's event makes. */
export const messageOf = (orderId: OrderId, sequence: number, type: OrderEventType): Envelope => ({
  id: eventIdFor(orderId, sequence),
  type,
  occurredAt: new Date().toISOString(),
  trace: "req_consumer_test",
  data: { orderId, sequence },
});

export const lettersFrom = (queue: string) =>
  ioAt().sql.select().from(deadLetters).where(eq(deadLetters.queue, queue));

/** Messages that no consumer of orders can understand, each in its own way. */
export const malformedMessages = (queueTag: string): unknown[] => {
  const good = { occurredAt: new Date().toISOString(), trace: queueTag };
  const data = { orderId: "ord_1", sequence: 1 };
  const id = `evt_${crypto.randomUUID().replaceAll("-", "")}`;
  return [
    "not an object",
    null,
    { ...good, id, type: "nonsense", data },
    { ...good, id: `${id}1`, type: "order.cancelled.v1", data: { orderId: 7 } },
    { ...good, id: `${id}2`, type: "order.cancelled.v9", data },
    { ...good, id: "not-an-event-id", type: "order.cancelled.v1", data },
    { ...good, id: `${id}3`, type: "constructor.prototype.v1", data },
  ];
};
