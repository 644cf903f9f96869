import { sql as raw } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { deadLetters } from "./schema.ts";

export type DeadLetter = { queue: string; messageId: string; body: unknown; reason: string };

const REASON_LENGTH_MAX = 1_000;
const MESSAGE_ID_LENGTH_MAX = 120;

/**
 * Stores a message that cannot be settled, and says so in the log, which alerts read. The same message
 * again counts as another arrival. Throws when the database is away: then the queue keeps the message.
 */
export async function keepDeadLetter(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  { queue, messageId, body, reason }: DeadLetter,
): Promise<void> {
  const nowMs = clock.nowMs();
  await sql
    .insert(deadLetters)
    .values({
      id: `${queue}:${messageId.slice(0, MESSAGE_ID_LENGTH_MAX)}`,
      queue,
      body: JSON.stringify(body) ?? "null",
      reason: reason.slice(0, REASON_LENGTH_MAX),
      arrivals: 1,
      firstAtMs: nowMs,
      lastAtMs: nowMs,
    })
    .onDuplicateKeyUpdate({
      // Whatever was decided about it before did not help: it waits again.
      set: { arrivals: raw`${deadLetters.arrivals} + 1`, lastAtMs: nowMs, redrivenAtMs: null },
    });
  logInfo("dead_letter.kept", { queue, messageId });
}
