import { and, asc, eq, gt, inArray, isNull, lt, or } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import { EventId, newId } from "../shared/ids.ts";
import type { CatalogEvent } from "./events.ts";
import { EVERYTHING } from "./purge-tags.ts";
import { catalogOutbox } from "./schema.ts";

/** An event that is owed to the edge feed: whoever recorded it publishes it once it is committed. */
export type RecordedEvent = { id: string; tags: readonly string[] };

/** One event that purges more than this purges the whole catalogue instead. */
const TAGS_MAX = 20_000;

/**
 * Writes down what happened, in the transaction of the change: no change is ever without its event.
 * An event that purges nothing is not owed to anyone.
 */
export async function recordEvent(
  session: SqlSession,
  event: CatalogEvent,
  tags: readonly string[],
  nowMs: number,
): Promise<RecordedEvent[]> {
  const distinct = [...new Set(tags)];
  if (distinct.length === 0) return [];
  const recorded = {
    id: newId(EventId, "evt"),
    tags: distinct.length > TAGS_MAX ? [EVERYTHING] : distinct,
  };
  const { type, data } = event;
  await session.insert(catalogOutbox).values({ ...recorded, type, data, occurredAtMs: nowMs });
  return [recorded];
}

export type UnpublishedEvent = RecordedEvent & { occurredAtMs: number };

/** Events that nobody has published, the oldest first, from a place on. */
export function readUnpublished(
  session: SqlSession,
  {
    beforeMs,
    limit,
    after,
  }: { beforeMs: number; limit: number; after?: UnpublishedEvent | undefined },
): Promise<UnpublishedEvent[]> {
  const { id, tags, occurredAtMs, publishedAtMs } = catalogOutbox;
  const past =
    after &&
    or(
      gt(occurredAtMs, after.occurredAtMs),
      and(eq(occurredAtMs, after.occurredAtMs), gt(id, after.id)),
    );
  return session
    .select({ id, tags, occurredAtMs })
    .from(catalogOutbox)
    .where(and(isNull(publishedAtMs), lt(occurredAtMs, beforeMs), past))
    .orderBy(asc(occurredAtMs), asc(id))
    .limit(limit)
    .execute();
}

export async function markPublished(
  session: SqlSession,
  events: readonly RecordedEvent[],
  nowMs: number,
): Promise<void> {
  const ids = events.map(({ id }) => id);
  await session
    .update(catalogOutbox)
    .set({ publishedAtMs: nowMs })
    .where(inArray(catalogOutbox.id, ids));
}

/** Forgets events that were published before a moment, a bounded number at a time. */
export async function forgetPublished(
  session: SqlSession,
  { beforeMs, limit }: { beforeMs: number; limit: number },
): Promise<void> {
  await session.delete(catalogOutbox).where(lt(catalogOutbox.publishedAtMs, beforeMs)).limit(limit);
}
