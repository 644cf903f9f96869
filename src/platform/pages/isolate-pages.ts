import { type EdgeFeedBinding, type EdgeReader, edgeReader } from "../edge/index.ts";
import { WritePace } from "./global-layer.ts";
import { MemoryLayer } from "./memory-layer.ts";
import type { Outcome, Served } from "./render-page.ts";
import { SingleFlight } from "./single-flight.ts";
import { UrlMemo } from "./url-memo.ts";

/** What one isolate keeps between requests: plain data only, since I/O objects belong to their request. */
export type IsolatePages = {
  readonly reader: EdgeReader;
  readonly memory: MemoryLayer;
  readonly urls: UrlMemo;
  readonly flights: SingleFlight<Outcome>;
  readonly pace: WritePace;
  readonly served: Record<Served["from"], number>;
};

export const newIsolatePages = (reader: EdgeReader, memory = new MemoryLayer()): IsolatePages => ({
  reader,
  memory,
  urls: new UrlMemo(),
  flights: new SingleFlight(),
  pace: new WritePace(),
  served: { "hit-memory": 0, "hit-pop": 0, "hit-global": 0, miss: 0, stale: 0 },
});

const isolates = new WeakMap<object, IsolatePages>();

/** This isolate's pages. By binding, as a test's runtime may hold several shops. */
export function isolatePages(env: EdgeFeedBinding): IsolatePages {
  const known = isolates.get(env.EDGE_FEED);
  if (known) return known;
  const pages = newIsolatePages(edgeReader(env));
  isolates.set(env.EDGE_FEED, pages);
  return pages;
}

/** What the answering isolate knows of its pages since it started. */
export type PageStatistics = {
  entries: number;
  bytes: number;
  served: Record<Served["from"], number>;
  feed: { position: number; state: "fresh" | "grace" | "blind"; ageMs: number | null };
};

export function pageStatistics(env: EdgeFeedBinding, nowMs: number): PageStatistics {
  const { memory, reader, served } = isolatePages(env);
  const ageMs = reader.ageMs(nowMs);
  return {
    entries: memory.size,
    bytes: memory.bytes,
    served: { ...served },
    feed: {
      position: reader.view.position,
      state: reader.state(nowMs),
      ageMs: Number.isFinite(ageMs) ? ageMs : null,
    },
  };
}

/** How many pages of the answering isolate a purge of these tags would end; of all pages, without tags. */
export function countPages(
  env: EdgeFeedBinding,
  nowMs: number,
  tags?: ReadonlySet<string>,
): number {
  const { memory, reader } = isolatePages(env);
  return memory.count(reader.view, nowMs, tags);
}
