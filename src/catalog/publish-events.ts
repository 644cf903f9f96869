import {
  type Appended,
  appendFacts,
  type EdgeFeedBinding,
  type NewFact,
} from "../platform/edge/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { assert } from "../shared/assert.ts";
import { sha256Hex } from "../shared/digest.ts";
import {
  forgetPublished,
  markPublished,
  type RecordedEvent,
  readUnpublished,
  type UnpublishedEvent,
} from "./outbox.ts";
import { EVERYTHING } from "./purge-tags.ts";

export type PublishIo = Pick<Io, "sql" | "clock" | "meter">;

/** Younger events are still in the hands of whoever recorded them. */
const LEFT_OVER_AFTER_MS = 5_000;
const EVENTS_PER_READ = 20;
const READS_MAX = 20;
/** More tags than this say nothing that one tag on every page would not. */
const TAGS_PER_APPEND_MAX = 40_000;
const PUBLISHED_KEPT_MS = 24 * 60 * 60 * 1000;
/** Each minute: more than stock that crosses zero fifty times a second. */
const FORGOTTEN_AT_ONCE_MAX = 5_000;

/**
 * Tells every isolate which pages to forget; answers from when on they all have. Call it after the
 * commit. Never throws: what the feed did not take stays in the outbox, for whoever publishes next or
 * for the sweep, and the answer is then undefined.
 */
export async function publishCatalogEvents(
  io: PublishIo,
  feed: EdgeFeedBinding,
  events: readonly RecordedEvent[],
): Promise<Appended | undefined> {
  if (events.length === 0) return undefined;
  let appended: Appended;
  try {
    appended = await appendPurges(io, feed, events);
  } catch (error) {
    logError("catalog.publish_left_to_sweep", error, { events: events.length });
    return undefined;
  }
  try {
    const beforeMs = io.clock.nowMs() - LEFT_OVER_AFTER_MS;
    const [leftOver] = await Promise.all([
      readUnpublished(io.sql, { beforeMs, limit: EVENTS_PER_READ }),
      markPublished(io.sql, events, io.clock.nowMs()),
    ]);
    await publishOthers(io, feed, leftOver, events);
  } catch (error) {
    // Told but not marked: the sweep tells it again, which purges the same pages once more.
    logError("catalog.publish_not_marked", error, { events: events.length });
  }
  return appended;
}

async function publishOthers(
  io: PublishIo,
  feed: EdgeFeedBinding,
  found: readonly RecordedEvent[],
  own: readonly RecordedEvent[],
): Promise<void> {
  const mine = new Set(own.map(({ id }) => id));
  const others = found.filter(({ id }) => !mine.has(id));
  if (others.length > 0) await publishRead(io, feed, others);
}

async function publishRead(
  io: PublishIo,
  feed: EdgeFeedBinding,
  events: readonly RecordedEvent[],
): Promise<void> {
  await appendPurges(io, feed, events);
  await markPublished(io.sql, events, io.clock.nowMs());
}

/** The same events make the same batch, so that the feed knows a repeat when it sees one. */
async function appendPurges(
  { meter }: PublishIo,
  feed: EdgeFeedBinding,
  events: readonly RecordedEvent[],
): Promise<Appended> {
  const tags = [...new Set(events.flatMap((event) => event.tags))];
  const told = tags.length > TAGS_PER_APPEND_MAX ? [EVERYTHING] : tags;
  const facts = told.map((value): NewFact => ({ kind: "purge", value }));
  const ids = events.map(({ id }) => id);
  const batchId = ids.length === 1 ? ids[0]! : `catalog:${await sha256Hex(ids.sort().join())}`;
  const appended = await appendFacts(feed, meter, facts, { batchId });
  assert(appended.ok, "the feed takes any purge that no operator asked for");
  return appended.value;
}

/**
 * Publishes what a crash or an outage of the feed left behind, and walks on past what fails. Bounded:
 * what remains is the next minute's.
 */
export async function sweepCatalogOutbox(
  io: PublishIo,
  feed: EdgeFeedBinding,
): Promise<{ swept: number; failed: number }> {
  const nowMs = io.clock.nowMs();
  const sweep = { swept: 0, failed: 0 };
  let after: UnpublishedEvent | undefined;
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const beforeMs = nowMs - LEFT_OVER_AFTER_MS;
    const events = await readUnpublished(io.sql, { beforeMs, limit: EVENTS_PER_READ, after });
    if (events.length === 0) break;
    try {
      await publishRead(io, feed, events);
      sweep.swept += events.length;
    } catch (error) {
      sweep.failed += events.length;
      logError("catalog.sweep_failed", error, { events: events.length });
    }
    after = events.at(-1);
  }
  const beforeMs = nowMs - PUBLISHED_KEPT_MS;
  await forgetPublished(io.sql, { beforeMs, limit: FORGOTTEN_AT_ONCE_MAX });
  return sweep;
}
