import { count, isNull, min } from "drizzle-orm";
import { z } from "zod";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { timestamp } from "../shared/clock.ts";
import { deadLetters } from "./schema.ts";

export const QueueState = z
  .object({
    name: z.string(),
    backlog: z
      .object({ messages: z.int(), bytes: z.int(), oldestAt: z.iso.datetime().nullable() })
      .nullable()
      .describe("What waits to be delivered; null when the queue cannot say"),
    deadLetters: z.object({ waiting: z.int(), oldestAt: z.iso.datetime().nullable() }),
  })
  .meta({ id: "QueueState" });
export type QueueState = z.infer<typeof QueueState>;

/** Every queue that is bound or has dead letters, by name. Queues are asked side by side. */
export async function listQueues(
  io: Pick<Io, "sql" | "meter">,
  queues: ReadonlyMap<string, Queue>,
): Promise<QueueState[]> {
  const names = [...queues.keys()];
  const [letters, backlogs] = await Promise.all([
    waitingLetters(io),
    Promise.all(names.map((name) => backlogOf(io, name, queues.get(name)))),
  ]);
  const byName = new Map(names.map((name, at) => [name, backlogs[at] ?? null]));
  const none = { waiting: 0, oldestAt: null };
  return [...new Set([...names, ...letters.keys()])].sort().map((name) => ({
    name,
    backlog: byName.get(name) ?? null,
    deadLetters: letters.get(name) ?? none,
  }));
}

/** A queue's weather hides its own number, not the others. */
async function backlogOf(
  { meter }: Pick<Io, "meter">,
  name: string,
  queue: Queue | undefined,
): Promise<QueueState["backlog"]> {
  if (!queue) return null;
  try {
    const metrics = await meter.step("queue", () => queue.metrics());
    const oldest = metrics.oldestMessageTimestamp;
    return {
      messages: metrics.backlogCount,
      bytes: metrics.backlogBytes,
      oldestAt: oldest ? timestamp(oldest.getTime()) : null,
    };
  } catch (error) {
    logError("operations.queue_silent", error, { queue: name });
    return null;
  }
}

async function waitingLetters({
  sql,
}: Pick<Io, "sql">): Promise<Map<string, QueueState["deadLetters"]>> {
  const rows = await sql
    .select({
      queue: deadLetters.queue,
      waiting: count(),
      oldestAtMs: min(deadLetters.firstAtMs),
    })
    .from(deadLetters)
    .where(isNull(deadLetters.redrivenAtMs))
    .groupBy(deadLetters.queue);
  return new Map(
    rows.map(({ queue, waiting, oldestAtMs }) => [
      queue,
      { waiting, oldestAt: oldestAtMs === null ? null : timestamp(Number(oldestAtMs)) },
    ]),
  );
}
