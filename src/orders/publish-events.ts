import type { Io } from "../platform/io/io.ts";
import { type Envelope, enqueue } from "../platform/queues/envelope.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { EventId, OrderId } from "../shared/ids.ts";
import { type OrderQueueName, type OrderQueues, orderEnvelope } from "./events.ts";
import { markPublished, type OutboxRow, readStreams } from "./outbox.ts";
import { foldOrder, type OrderState } from "./state.ts";
import { projectOrders } from "./store.ts";

/** The platform's bound on one `sendBatch`. */
const MESSAGES_PER_SEND_MAX = 100;

type Outgoing = { eventId: EventId; envelope: Envelope; queues: readonly OrderQueueName[] };
type Publication = { states: OrderState[]; outgoing: Outgoing[] };

/**
 * Sends every event of these orders that is due to the queues that wait for it, then marks them and
 * brings the orders' list rows up to date. Safe to repeat at any time: a crash between sending and
 * marking sends twice, and consumers expect that. Throws when a queue or the database cannot be
 * reached, after marking what did get through. Three round trips.
 */
export async function publishOrderEvents(
  io: Pick<Io, "sql" | "clock" | "meter">,
  queues: OrderQueues,
  orderIds: readonly OrderId[],
): Promise<void> {
  const nowMs = io.clock.nowMs();
  const { states, outgoing } = publicationOf(await readStreams(io.sql, orderIds, nowMs));
  const failures = await sendByQueue(io, queues, outgoing);
  const sent = outgoing.filter((event) => event.queues.every((queue) => !failures.has(queue)));
  await Promise.all([
    markPublished(
      io.sql,
      sent.map(({ eventId }) => eventId),
      nowMs,
    ),
    projectOrders(io.sql, states),
  ]);
  for (const failure of failures.values()) throw failure;
}

/** Publishes now if it can be done, and otherwise leaves it to the sweep. Never throws. */
export async function publishOrLeave(
  io: Pick<Io, "sql" | "clock" | "meter" | "trace">,
  queues: OrderQueues,
  orderId: OrderId,
): Promise<void> {
  try {
    await publishOrderEvents(io, queues, [orderId]);
  } catch (error) {
    logError("orders.publish_left_to_sweep", error, { orderId, trace: io.trace });
  }
}

function publicationOf(streams: ReadonlyMap<OrderId, readonly OutboxRow[]>): Publication {
  const publication: Publication = { states: [], outgoing: [] };
  for (const [orderId, rows] of streams) {
    try {
      const state = foldOrder(rows.map((row) => row.event()));
      if (!state) continue;
      publication.states.push(state);
      for (const row of rows.filter(({ due }) => due)) {
        const { eventId, awaiting: queues } = row;
        publication.outgoing.push({ eventId, envelope: orderEnvelope(row.event()), queues });
      }
    } catch (error) {
      // One stream that cannot be understood must not hold back the orders beside it.
      logError("orders.stream_broken", error, { orderId });
    }
  }
  return publication;
}

/** Sends to all queues side by side; answers the failures by queue, because one queue's weather is not another's. */
async function sendByQueue(
  { meter }: Pick<Io, "meter">,
  queues: OrderQueues,
  outgoing: readonly Outgoing[],
): Promise<Map<OrderQueueName, unknown>> {
  const failures = new Map<OrderQueueName, unknown>();
  const names = new Set(outgoing.flatMap((event) => event.queues));
  await Promise.all(
    [...names].map(async (name) => {
      const messages = outgoing
        .filter((event) => event.queues.includes(name))
        .map(({ envelope }) => envelope);
      try {
        for (let at = 0; at < messages.length; at += MESSAGES_PER_SEND_MAX) {
          await enqueue(queues[name], messages.slice(at, at + MESSAGES_PER_SEND_MAX), meter);
        }
      } catch (error) {
        failures.set(name, error);
      }
    }),
  );
  return failures;
}
