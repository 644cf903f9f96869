import { z } from "zod";
import { OrderMessage, orderAt } from "../orders/index.ts";
import type { Io } from "../platform/io/io.ts";
import { type Envelope, enqueue } from "../platform/queues/envelope.ts";
import type { EventId } from "../shared/ids.ts";
import { webhookEventOf } from "./webhook-events.ts";
import { listEnabled } from "./webhook-store.ts";

/** A bound on the messages that one event becomes: one `sendBatch`. */
export const ENDPOINTS_MAX = 100;

export const WEBHOOK_DUE = "webhook.due.v1";
export const WebhookDue = OrderMessage.extend({ endpointId: z.string().max(40) });

type Told = OrderMessage & { eventId: EventId };

/**
 * Makes one message of an event for each endpoint that wants it: so one that is away is tried again by
 * itself and holds up nobody. Repeating it makes more messages, of which the delivery takes one.
 */
export async function fanOutWebhooks(
  io: Io,
  queue: Queue,
  { orderId, sequence, eventId }: Told,
): Promise<number> {
  const endpoints = await listEnabled(io.sql, ENDPOINTS_MAX);
  if (endpoints.length === 0) return 0;
  const moment = await orderAt(io, orderId, sequence);
  const name = webhookEventOf(moment);
  const due = endpoints
    .filter(({ events }) => name !== undefined && events.includes(name))
    .map(
      ({ id: endpointId }): Envelope => ({
        id: `${eventId}:${endpointId}`,
        type: WEBHOOK_DUE,
        occurredAt: new Date(moment.event.occurredAtMs).toISOString(),
        trace: io.trace,
        data: { orderId, sequence, endpointId } satisfies z.infer<typeof WebhookDue>,
      }),
    );
  await enqueue(queue, due, io.meter);
  return due.length;
}
