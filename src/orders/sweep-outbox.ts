import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { OrderQueues } from "./events.ts";
import { publishOrderEvents } from "./publish-events.ts";
import { type OutboxPlace, unpublished } from "./store.ts";

/** Younger events are still in the hands of whoever appended them. */
const GRACE_MS = 10_000;
const BATCH_EVENTS = 100;
const BATCHES_MAX = 50;

export type Sweep = { swept: number; failed: number };

/**
 * Publishes what a crash, a dead queue or a lost answer left behind. Bounded: what remains is the next
 * minute's. Walks on past what fails, so that no event can hold up those after it.
 */
export async function sweepOutbox(
  io: Pick<Io, "sql" | "clock" | "meter">,
  queues: OrderQueues,
): Promise<Sweep> {
  const olderThanMs = io.clock.nowMs() - GRACE_MS;
  const sweep: Sweep = { swept: 0, failed: 0 };
  let after: OutboxPlace | undefined;
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const events = await unpublished(io.sql, { olderThanMs, limit: BATCH_EVENTS, after });
    try {
      await publishOrderEvents(
        io,
        queues,
        events.map(({ orderId }) => orderId),
      );
      sweep.swept += events.length;
    } catch (error) {
      sweep.failed += events.length;
      logError("orders.sweep_failed", error, { events: events.length });
    }
    after = events.at(-1);
    if (events.length < BATCH_EVENTS) break;
  }
  return sweep;
}
