import type { Meter } from "../telemetry/meter.ts";
import { withinMs } from "../within-ms.ts";
import { type EdgeFeedBinding, edgeFeed } from "./append-facts.ts";
import { EDGE_MAX_AGE_MS } from "./facts.ts";
import { type PlatformCache, PurgeForwarder } from "./forward-purges.ts";
import { EdgeReader, type ReadFeed } from "./reader.ts";

/** What one request may do with the isolate's reader. */
export type Edge = {
  readonly reader: EdgeReader;
  /** Starts a poll in the background when one is due. Never waits. */
  keepFresh(nowMs: number): void;
  /** Resolves once the view is as fresh as it can be had; `reader.state` says how fresh that is. */
  refresh(): Promise<void>;
  /** The same, for who goes on meanwhile and looks at what became of it before the answer. */
  learn(): Promise<void>;
  /** Asks anew however fresh the view is: for who has just told the feed something. */
  renew(): Promise<void>;
};

export type EdgeContext = {
  waitUntil(work: Promise<unknown>): void;
  /** The platform's own cache, which is told of purges where it is present. */
  cache?: PlatformCache | undefined;
};

type Isolate = { reader: EdgeReader; forwarder: PurgeForwarder };

const isolates = new WeakMap<object, Isolate>();

function isolateOf({ EDGE_FEED }: EdgeFeedBinding): Isolate {
  const known = isolates.get(EDGE_FEED);
  if (known) return known;
  const isolate = { reader: new EdgeReader(), forwarder: new PurgeForwarder() };
  isolates.set(EDGE_FEED, isolate);
  return isolate;
}

/** The isolate's one reader of a feed. */
export const edgeReader = (env: EdgeFeedBinding): EdgeReader => isolateOf(env).reader;

const readerOf =
  (env: EdgeFeedBinding): ReadFeed =>
  async (position, generation) =>
    edgeFeed(env).since(position, { generation });

/** For the hot path, which meters nothing: a poll in the background when one is due. */
export function keepFresh(
  env: EdgeFeedBinding,
  reader: EdgeReader,
  nowMs: number,
  { waitUntil, cache }: EdgeContext,
): void {
  if (!reader.isDue(nowMs)) return;
  const polled = reader.poll(readerOf(env));
  waitUntil(cache ? polled.then(() => forward(env, reader, cache, nowMs)) : polled);
}

async function forward(
  env: EdgeFeedBinding,
  { view }: EdgeReader,
  cache: PlatformCache,
  nowMs: number,
): Promise<void> {
  const { forwarder } = isolateOf(env);
  if (!forwarder.isDue(view.newestPurge, nowMs)) return;
  const take = async () => edgeFeed(env).takeForward();
  await forwarder.forward(cache, take, view.newestPurge, nowMs);
}

export function openEdge(
  env: EdgeFeedBinding,
  meter: Meter,
  context: EdgeContext,
  reader = edgeReader(env),
): Edge {
  const ask = () => reader.refresh(readerOf(env), context.waitUntil);
  return {
    reader,
    keepFresh: (nowMs) => keepFresh(env, reader, nowMs, context),
    async refresh() {
      if (!reader.mayRefresh()) return;
      await meter.step("object", ask);
    },
    async learn() {
      if (!reader.mayRefresh()) return;
      await meter.beside("object", ask);
    },
    async renew() {
      const polled = reader.poll(readerOf(env));
      context.waitUntil(polled);
      await meter.step("object", () => withinMs(polled, EDGE_MAX_AGE_MS, undefined));
    },
  };
}
