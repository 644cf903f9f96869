import { asc, eq } from "drizzle-orm";
import { DependencyDown } from "../platform/dependency.ts";
import { type Appended, appendFacts, type EdgeFeedBinding } from "../platform/edge/index.ts";
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
): Promise<Appended> {
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
): Promise<Appended | undefined> {
  try {
    return await publish(io, env, purge);
  } catch (error) {
    logError("content.purge_left_to_sweep", error, { purgeId: purge.id, trace: io.trace });
    return undefined;
  }
}

const SWEEP_MAX = 200;

/** Publishes what a crash or an outage left behind, oldest first, and walks on past what fails. */
export async function sweepPurges(
  io: PublishIo,
  env: EdgeFeedBinding,
): Promise<{ swept: number; failed: number }> {
  const waiting = await io.documents
    .select()
    .from(contentPurges)
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
