import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { OrderQueues } from "./events.ts";
import { listDue, type OutboxPlace } from "./outbox.ts";
import { publishOrderEvents } from "./publish-events.ts";

const BATCH_EVENTS = 100;
const BATCHES_MAX = 50;

export type Sweep = { swept: number; failed: number };

/**
 * Publishes what a crash, a dead queue or a lost answer left behind, and again what was sent but never
 * settled. Bounded: what remains is the next minute's. Walks on past what fails, so that no event can
 * hold up those after it.
 */
export async function sweepOutbox(
  io: Pick<Io, "sql" | "clock" | "meter">,
  queues: OrderQueues,
): Promise<Sweep> {
  const nowMs = io.clock.nowMs();
  const sweep: Sweep = { swept: 0, failed: 0 };
  let after: OutboxPlace | undefined;
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const events = await listDue(io.sql, { nowMs, limit: BATCH_EVENTS, after });
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
