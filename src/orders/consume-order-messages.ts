import { z } from "zod";
import { consume, type Envelope } from "../platform/queues/envelope.ts";
import { logError } from "../platform/telemetry/log.ts";
import { EventId, type OrderId } from "../shared/ids.ts";
import { OrderMessage } from "./events.ts";
import type { OrderEventType } from "./model.ts";

/** The event that woke a consumer up. What to do about it is decided by the order as it is now. */
export type OrderWake = {
  orderId: OrderId;
  eventId: EventId;
  /** The event's place in its order's stream. */
  sequence: number;
  trace: string;
  /** The whole message, for who has to set it aside. */
  message: Envelope;
};

export type OrderHandlers = {
  readonly [T in OrderEventType]?: (wake: OrderWake) => Promise<void>;
};

/** Keeps a message that no retry can mend where an operator finds it. */
export type Park = (letter: {
  queue: string;
  messageId: string;
  body: unknown;
  reason: string;
}) => Promise<void>;

export type ConsumerWiring = {
  handlers: OrderHandlers;
  /**
   * Events that are not orders', by type. No outbox of ours waits for them, so each reads its data and
   * settles by itself: when it answers, the message is done with.
   */
  others?: Readonly<Record<string, (event: Envelope) => Promise<void>>>;
  park: Park;
  /** Tells the outbox that this consumer is done with an event, so that it is not sent again. */
  settle: (wake: OrderWake) => Promise<void>;
};

/**
 * Settles a batch of order messages one by one. A message of a type that this Worker does not know is
 * parked too: it may come from a newer deployment, and redriving it later loses nothing.
 */
export function consumeOrderMessages(
  batch: MessageBatch,
  { handlers, others = {}, park, settle }: ConsumerWiring,
): Promise<void> {
  const { queue } = batch;
  return consume(batch, {
    handle: async (event) => {
      if (Object.hasOwn(others, event.type)) return others[event.type]?.(event);
      const setAside = (reason: string) =>
        park({ queue, messageId: event.id, body: event, reason });
      const eventId = EventId.safeParse(event.id);
      const message = OrderMessage.safeParse(event.data);
      const handler = Object.hasOwn(handlers, event.type)
        ? handlers[event.type as OrderEventType]
        : undefined;
      if (!eventId.success) return setAside(z.prettifyError(eventId.error));
      if (!message.success) return setAside(z.prettifyError(message.error));
      const { orderId, sequence } = message.data;
      const { trace } = event;
      const wake = { orderId, eventId: eventId.data, sequence, trace, message: event };
      if (handler) await handler(wake);
      else await setAside(`no handler for ${event.type}`);
      // Last: when this is lost the message comes again, and finds its work done.
      await settle(wake);
    },
    park: (message, reason) => park({ queue, messageId: message.id, body: message.body, reason }),
    report: (error, message) =>
      logError("orders.message_failed", error, {
        queue,
        messageId: message.id,
        attempts: message.attempts,
      }),
  });
}
