import type { PageEntry } from "./entry.ts";

/** The oldest a page may be, whatever the feed says: the feed forgets purges after this time. */
export const PAGE_AGE_MAX_MS = 60 * 60 * 1000;
/** How long a page may stand in for one that cannot be rendered, from the moment it became invalid. */
export const STALE_GRACE_MS = 5 * 60 * 1000;
/** For so long after a purge, what a replica says about the purged may be what was there before it. */
const REPLICA_LAG_GUARD_MS = 10_000;

type Purge = { sequence: number; atMs: number };

/** What the rule asks of an edge view. */
export type KnownPurges = {
  readonly floor: number;
  readonly newestPurge: number;
  readonly purgedAll: Purge | undefined;
  purgeOf(tag: string): Purge | undefined;
};

type Dated = Pick<PageEntry, "tags" | "seq" | "storedAtMs" | "validUntilMs">;

/**
 * THE rule, for every layer: a page may be served iff it is not over its time and nothing it shows was
 * purged after its `seq`. A stale copy, a late write and a slow render all fail it by themselves.
 */
export function isValid(entry: Dated, view: KnownPurges, nowMs: number): boolean {
  return isInTime(entry, nowMs) && isUnpurged(entry, view);
}

export const isInTime = ({ storedAtMs, validUntilMs }: Dated, nowMs: number): boolean =>
  nowMs - storedAtMs < PAGE_AGE_MAX_MS && (validUntilMs === undefined || nowMs < validUntilMs);

export function isUnpurged({ tags, seq }: Dated, view: KnownPurges): boolean {
  if (seq >= view.newestPurge) return true;
  if (seq < view.floor) return false;
  return tags.every((tag) => (view.purgeOf(tag)?.sequence ?? 0) <= seq);
}

/**
 * Since when a page is not valid; undefined when that cannot be told, because the feed has forgotten
 * it. A tag purged twice counts by the later time, since the earlier is not kept.
 */
export function invalidSinceMs(entry: Dated, view: KnownPurges, nowMs: number): number | undefined {
  const { tags, seq, storedAtMs, validUntilMs = Number.POSITIVE_INFINITY } = entry;
  const { purgedAll, floor } = view;
  const causes = [storedAtMs + PAGE_AGE_MAX_MS, validUntilMs].filter((atMs) => atMs <= nowMs);
  if (seq < floor) {
    if (purgedAll?.sequence !== floor) return undefined;
    causes.push(purgedAll.atMs);
  }
  for (const tag of tags) {
    const purge = view.purgeOf(tag);
    if (purge && purge.sequence > seq) causes.push(purge.atMs);
  }
  return causes.length > 0 ? Math.min(...causes) : undefined;
}

/** Whether any of the tags was purged so lately that a replica may not have heard of the change. */
export function mayLag(tags: readonly string[], view: KnownPurges, nowMs: number): boolean {
  const sinceMs = nowMs - REPLICA_LAG_GUARD_MS;
  if (view.purgedAll && view.purgedAll.atMs > sinceMs) return true;
  return tags.some((tag) => (view.purgeOf(tag)?.atMs ?? Number.NEGATIVE_INFINITY) > sinceMs);
}
