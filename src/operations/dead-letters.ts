import { and, asc, desc, eq, inArray, isNull, lt, or } from "drizzle-orm";
import { z } from "zod";
import type { Io } from "../platform/io/io.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { timestamp } from "../shared/clock.ts";
import { deadLetters } from "./schema.ts";

export const DeadLetterView = z
  .object({
    id: z.string(),
    reason: z.string(),
    body: z.unknown().describe("The message, as its producer sent it"),
    arrivals: z.int().describe("Above 1: it was sent again and came back"),
    firstAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
    redrivenAt: z.iso.datetime().nullable().describe("When it was last sent again"),
  })
  .meta({ id: "DeadLetter" });
type DeadLetterView = z.infer<typeof DeadLetterView>;

/** A place in the list: by the last arrival, ties by id. */
export type LetterPlace = { lastAtMs: number; id: string };

/** The letters of one queue, the newest first, those that were sent again too. */
export async function listLetters(
  { sql }: Pick<Io, "sql">,
  { queue, limit, after }: { queue: string; limit: number; after: LetterPlace | undefined },
): Promise<{ items: DeadLetterView[]; next: LetterPlace | undefined }> {
  const { lastAtMs, id } = deadLetters;
  const beyond =
    after && or(lt(lastAtMs, after.lastAtMs), and(eq(lastAtMs, after.lastAtMs), lt(id, after.id)));
  const rows = await sql
    .select()
    .from(deadLetters)
    .where(and(eq(deadLetters.queue, queue), beyond))
    .orderBy(desc(lastAtMs), desc(id))
    .limit(limit + 1);
  const shown = rows.slice(0, limit);
  return { items: shown.map(view), next: rows.length > limit ? shown.at(-1) : undefined };
}

const view = (row: typeof deadLetters.$inferSelect): DeadLetterView => ({
  id: row.id,
  reason: row.reason,
  body: JSON.parse(row.body) as unknown,
  arrivals: row.arrivals,
  firstAt: timestamp(row.firstAtMs),
  lastAt: timestamp(row.lastAtMs),
  redrivenAt: row.redrivenAtMs === null ? null : timestamp(row.redrivenAtMs),
});

/** The platform's bound on one `sendBatch`, in messages; letters are small. */
export const REDRIVE_MAX = 100;

export type Redrive = {
  queue: { name: string; binding: Queue };
  /** These letters, whether or not they were sent before; else the longest waiting. */
  ids?: readonly string[] | undefined;
  limit: number;
};

/**
 * Sends letters to their queue again and marks them. One that fails again comes back as another arrival
 * of the same letter, unmarked. A crash between sending and marking sends twice: consumers expect that.
 */
export async function redriveLetters(
  io: Pick<Io, "sql" | "clock" | "trace" | "meter">,
  { queue: { name, binding }, ids, limit }: Redrive,
): Promise<{ redriven: string[] }> {
  const chosen = ids ? inArray(deadLetters.id, [...ids]) : isNull(deadLetters.redrivenAtMs);
  const letters = await io.sql
    .select()
    .from(deadLetters)
    .where(and(eq(deadLetters.queue, name), chosen))
    .orderBy(asc(deadLetters.lastAtMs), asc(deadLetters.id))
    .limit(Math.min(limit, REDRIVE_MAX));
  if (letters.length === 0) return { redriven: [] };
  const redriven = letters.map(({ id }) => id);
  const messages = letters.map(({ body }) => ({ body: JSON.parse(body) as unknown }));
  await io.meter.step("queue", () => binding.sendBatch(messages));
  // Only as they were read: a letter that has come back meanwhile waits for a decision again.
  const asRead = letters.map(({ id, arrivals }) =>
    and(eq(deadLetters.id, id), eq(deadLetters.arrivals, arrivals)),
  );
  await io.sql
    .update(deadLetters)
    .set({ redrivenAtMs: io.clock.nowMs() })
    .where(or(...asRead));
  logInfo("dead_letter.redriven", { queue: name, letters: letters.length, trace: io.trace });
  return { redriven };
}
