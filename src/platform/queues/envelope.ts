import { z } from "zod";
import { weatherBehind } from "../dependency.ts";
import type { Meter } from "../telemetry/meter.ts";

/** What every message carries. `id` is the event's own id: consumers are idempotent by it. */
export const Envelope = z.object({
  id: z.string().min(1).max(80),
  /** Past tense with its version: `order.placed.v1`. */
  type: z.string().regex(/^[a-z_]+(?:\.[a-z_]+)+\.v\d+$/),
  occurredAt: z.iso.datetime(),
  /** The id of the request that caused it, for following one purchase through every Worker. */
  trace: z.string().max(80),
  data: z.unknown(),
});
export type Envelope = z.infer<typeof Envelope>;

/** Sends in one call; resolves once the queue has written the messages to disk. */
export async function enqueue(
  queue: Queue,
  messages: readonly Envelope[],
  meter: Meter,
): Promise<void> {
  if (messages.length === 0) return;
  await meter.step("queue", () => queue.sendBatch(messages.map((body) => ({ body }))));
}

const RETRY_DELAY_SECONDS_MAX = 600;
/**
 * Doubles from two seconds up to ten minutes, and is no less than what a system outside asked for.
 * `attempts` starts at 1.
 */
export const retryDelaySeconds = (attempts: number, error?: unknown): number => {
  const asked = weatherBehind(error)?.retryAfterSeconds ?? 0;
  return Math.min(Math.max(2 ** Math.min(attempts, 10), asked), RETRY_DELAY_SECONDS_MAX);
};

export type ConsumerDeps = {
  /** Settles one event. It may run again for the same id, at any time and in any order. */
  handle(event: Envelope): Promise<void>;
  /** Keeps what no retry can mend where an operator finds it. */
  park(message: Message, reason: string): Promise<void>;
  report(error: unknown, message: Message): void;
};

/** Delivery is at least once and in any order; each message settles by itself, never the batch. */
export async function consume(batch: MessageBatch, deps: ConsumerDeps): Promise<void> {
  for (const message of batch.messages) {
    try {
      const event = Envelope.safeParse(message.body);
      if (event.success) await deps.handle(event.data);
      else await deps.park(message, z.prettifyError(event.error));
      message.ack();
    } catch (error) {
      deps.report(error, message);
      message.retry({ delaySeconds: retryDelaySeconds(message.attempts, error) });
    }
  }
}
