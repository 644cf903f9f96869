import { asc, eq, lte } from "drizzle-orm";
import { DependencyDown } from "../platform/dependency.ts";
import { appendFacts, type EdgeFeedBinding } from "../platform/edge/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { contentPurges } from "./documents.ts";
import type { NotedPurge } from "./model.ts";

type PublishIo = Pick<Io, "documents" | "meter">;

/** Tells the feed, then forgets the note. The feed knows a repeat by the note's id, so a crash in between is harmless. */
async function publish(
  { documents, meter }: PublishIo,
  env: EdgeFeedBinding,
  { id, tags }: NotedPurge,
) {
  const facts = tags.map((value) => ({ kind: "purge" as const, value }));
  const appended = await appendFacts(env, meter, facts, { batchId: id });
  if (!appended.ok) throw new DependencyDown("edge feed", new Error(appended.error.code));
  await documents.delete(contentPurges).where(eq(contentPurges.id, id));
  return appended.value;
}

/** Publishes now if it can be done, and otherwise leaves it to the sweep. Never throws. */
export async function publishOrLeave(
  io: PublishIo & Pick<Io, "trace">,
  env: EdgeFeedBinding,
  purge: NotedPurge,
): Promise<{ position: number; effectiveByMs: number } | undefined> {
  try {
    return await publish(io, env, purge);
  } catch (error) {
    logError("content.purge_left_to_sweep", error, { purgeId: purge.id, trace: io.trace });
    return undefined;
  }
}

const SWEEP_MAX = 200;
/** What is younger is still being told by the request that made it. */
const SWEEP_AFTER_MS = 10_000;

/** Publishes what a crash or an outage left behind, oldest first, and walks on past what fails. */
export async function sweepPurges(
  io: PublishIo & Pick<Io, "clock">,
  env: EdgeFeedBinding,
): Promise<{ swept: number; failed: number }> {
  const waiting = await io.documents
    .select()
    .from(contentPurges)
    .where(lte(contentPurges.notedAtMs, io.clock.nowMs() - SWEEP_AFTER_MS))
    .orderBy(asc(contentPurges.notedAtMs))
    .limit(SWEEP_MAX);
  const sweep = { swept: 0, failed: 0 };
  for (const purge of waiting) {
    try {
      await publish(io, env, purge);
      sweep.swept += 1;
    } catch (error) {
      sweep.failed += 1;
      logError("content.sweep_failed", error, { purgeId: purge.id });
    }
  }
  return sweep;
}
