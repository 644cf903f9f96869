import type { Meter } from "../telemetry/meter.ts";
import { decodeEntry, encodeEntry, type PageEntry } from "./entry.ts";
import { PAGE_AGE_MAX_MS } from "./validity.ts";

/** A place outside the isolate where pages are kept. What it answers may be old: validity is the caller's. */
export type PageLayer = {
  get(digest: string): Promise<PageEntry | undefined>;
  /** Stores for the next reader. It may drop what it is given, and it may throw. */
  put(digest: string, entry: PageEntry, nowMs: number): Promise<void>;
};

export type PopLayerOptions = {
  cache: Cache;
  /** The shop's own origin: the platform wants a host of the account's own in cache keys. */
  origin: string;
  /** Parts pages of different releases, which may render the same page differently. */
  version: string;
  meter: Meter;
};

/**
 * L1: the Cache API, shared by the isolates of one data centre. The URL is made up and no route answers
 * it, so neither a shopper's request nor its headers can name an entry.
 */
export function openPopLayer({ cache, origin, version, meter }: PopLayerOptions): PageLayer {
  const urlOf = (digest: string) =>
    new URL(`/.pages/${encodeURIComponent(version)}/${digest}`, origin).href;
  return {
    async get(digest) {
      const found = await meter.step("cache", async () => {
        const response = await cache.match(urlOf(digest));
        return response?.arrayBuffer();
      });
      return found && decodeEntry(found);
    },
    async put(digest, entry, nowMs) {
      const seconds = remainingSeconds(entry, nowMs);
      if (seconds < 1) return;
      const headers = {
        "Content-Type": "application/octet-stream",
        "Cache-Control": `public, max-age=${seconds}`,
      };
      await cache.put(urlOf(digest), new Response(encodeEntry(entry), { headers }));
    },
  };
}

/** How long an entry can still be of use. */
export function remainingSeconds({ storedAtMs, validUntilMs }: PageEntry, nowMs: number): number {
  const endMs = Math.min(storedAtMs + PAGE_AGE_MAX_MS, validUntilMs ?? Number.POSITIVE_INFINITY);
  return Math.floor((endMs - nowMs) / 1_000);
}
