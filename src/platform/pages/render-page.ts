import { assert } from "../../shared/assert.ts";
import type { Clock } from "../../shared/clock.ts";
import { sha256Hex } from "../../shared/digest.ts";
import { weatherBehind } from "../dependency.ts";
import { type Edge, isTag } from "../edge/index.ts";
import { logError, logInfo } from "../telemetry/log.ts";
import { withinMs } from "../within-ms.ts";
import type { PageEntry } from "./entry.ts";
import type { MemoryLayer } from "./memory-layer.ts";
import { pageTag } from "./page-key.ts";
import type { PageLayer } from "./pop-layer.ts";
import { invalidSinceMs, isUnpurged, isValid, mayLag, STALE_GRACE_MS } from "./validity.ts";

/** Where a render reads. `replica` may lag; `primary` is the truth, and costs it a read. */
export type PageSource = "replica" | "primary";

export type Rendered<T> = {
  body: T;
  /** Everything the page shows, as `kind:id`. What is not named here can change unseen. */
  tags: readonly string[];
  /** When the page ends without anyone's doing. */
  validUntilMs?: number;
  /** False for an answer that a dependency left incomplete: nobody may keep it. */
  storable?: boolean;
};

/** Undefined where there is no such resource; that is never kept, or names made up would fill the cache. */
export type Render = (source: PageSource) => Promise<Rendered<unknown> | undefined>;

/** How a page is made, and the tags that it will have in any case. */
export type Making = { render: Render; sureTags?(): Promise<readonly string[]> };

export type Served = {
  entry: PageEntry;
  from: "hit-memory" | "hit-pop" | "hit-global" | "miss" | "stale";
  /** Why downstream must not keep it: it may be old, or is incomplete. */
  doubt?: "feed-unreachable" | "render-failed" | "incomplete";
};

/** The outcome for all who asked for one key. `seq` dates an outcome that has no entry. */
export type Outcome = { served: Served | undefined; seq: number };

export type RenderDeps = {
  edge: Edge;
  memory: MemoryLayer;
  pop: PageLayer;
  global: PageLayer;
  /** How long a slower layer is waited for. */
  layerTimeoutMs: number;
  clock: Clock;
  waitUntil(work: Promise<unknown>): void;
};

const TAGS_MAX = 1_000;
const RENDERS_MAX = 2;
/** After a render that failed, those who can have the old page get it at once. */
const RENDER_REST_MS = 1_000;

/** Answers what memory cannot: from the data centre's cache, from KV, or by rendering; and fills what was passed. */
export async function findOrRender(
  deps: RenderDeps,
  key: string,
  digest: string,
  making: Making,
): Promise<Outcome> {
  const { edge, memory, pop, global, clock } = deps;
  const { reader } = edge;
  const isFresh = reader.state(clock.nowMs()) === "fresh";
  // Side by side: a view that has to be fetched costs no step of its own.
  const [inPop] = await Promise.all([
    readLayer(pop, digest, deps),
    isFresh ? undefined : edge.refresh(),
  ]);
  const known = memory.peek(key)?.entry;
  const trusted = reader.state(clock.nowMs()) !== "blind";
  const serves = (entry: PageEntry | undefined): entry is PageEntry =>
    trusted && entry !== undefined && isValid(entry, reader.view, clock.nowMs());

  if (serves(inPop)) {
    memory.set(key, inPop, clock.nowMs());
    return { served: { entry: inPop, from: "hit-pop" }, seq: inPop.seq };
  }
  const inGlobal = await readLayer(global, digest, deps);
  if (reader.state(clock.nowMs()) !== "fresh") await edge.refresh();
  if (serves(inGlobal)) {
    memory.set(key, inGlobal, clock.nowMs());
    keep(deps, [pop], digest, inGlobal);
    return { served: { entry: inGlobal, from: "hit-global" }, seq: inGlobal.seq };
  }
  return renderOrStale(deps, { key, digest, ...making, candidates: [known, inPop, inGlobal] });
}

type Work = Making & {
  key: string;
  digest: string;
  candidates: readonly (PageEntry | undefined)[];
};

async function renderOrStale(deps: RenderDeps, work: Work): Promise<Outcome> {
  const { memory, clock, edge } = deps;
  const stale = newest(work.candidates);
  const slot = memory.peek(work.key);
  if (slot && slot.restUntilMs > clock.nowMs() && mayStandIn(deps, stale)) {
    return { served: { entry: stale, from: "stale", doubt: "render-failed" }, seq: stale.seq };
  }
  try {
    return await renderAndKeep(deps, work, stale);
  } catch (error) {
    if (!weatherBehind(error) || !mayStandIn(deps, stale)) throw error;
    logError("page.stale", error, { seq: stale.seq, position: edge.reader.view.position });
    const kept = memory.peek(work.key) ?? memory.set(work.key, stale, clock.nowMs());
    if (kept) kept.restUntilMs = clock.nowMs() + RENDER_REST_MS;
    return { served: { entry: stale, from: "stale", doubt: "render-failed" }, seq: stale.seq };
  }
}

/**
 * Renders, and again from the primary when something it shows was purged so lately that what was read
 * may be from before: while it was being read, or within the replica's lag.
 */
async function renderAndKeep(
  deps: RenderDeps,
  { key, digest, render, sureTags }: Work,
  stale: PageEntry | undefined,
): Promise<Outcome> {
  const { edge, memory, pop, global, clock } = deps;
  const { reader } = edge;
  const hints = [...((await sureTags?.()) ?? []), ...(stale?.tags ?? [])];
  const isHinted = mayLag(hints, reader.view, clock.nowMs());
  let source: PageSource = isHinted ? "primary" : "replica";
  for (let renders = 1; ; renders += 1) {
    const seq = reader.view.position;
    const rendered = await render(source);
    if (!rendered) return { served: undefined, seq };
    const entry = await entryOf(rendered, seq, pageTag(digest), clock.nowMs());
    // A render may outlast a view: only a fresh one knows what happened meanwhile.
    if (reader.state(clock.nowMs()) !== "fresh") await edge.refresh();

    const lags = source === "replica" && mayLag(entry.tags, reader.view, clock.nowMs());
    const isCurrent = isUnpurged(entry, reader.view);
    if ((lags || !isCurrent) && renders < RENDERS_MAX) {
      source = "primary";
      continue;
    }
    if (rendered.storable === false) {
      return { served: { entry, from: "miss", doubt: "incomplete" }, seq };
    }
    // Blind, a render's `seq` would date it before purges that it may not have seen.
    if (reader.state(clock.nowMs()) !== "blind" && isValid(entry, reader.view, clock.nowMs())) {
      memory.set(key, entry, clock.nowMs());
      keep(deps, [pop, global], digest, entry);
    }
    return { served: { entry, from: "miss" }, seq };
  }
}

const ETAG_DIGITS = 32;

async function entryOf(
  { body, tags, validUntilMs }: Rendered<unknown>,
  seq: number,
  ownTag: string,
  nowMs: number,
): Promise<PageEntry> {
  const all = [...new Set([...tags, ownTag])];
  assert(all.length <= TAGS_MAX, "a page with too many tags");
  for (const tag of all) assert(isTag(tag), `${tag} is not a tag`);
  const text = JSON.stringify(body);
  return {
    body: text,
    contentType: "application/json",
    etag: `"${(await sha256Hex(text)).slice(0, ETAG_DIGITS)}"`,
    tags: all,
    seq,
    storedAtMs: nowMs,
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
  };
}

/** A cache that fails is a cache that has nothing, and so is one that takes longer than a render would. */
async function readLayer(
  layer: PageLayer,
  digest: string,
  { layerTimeoutMs }: RenderDeps,
): Promise<PageEntry | undefined> {
  try {
    const found = await withinMs(layer.get(digest), layerTimeoutMs, "late");
    if (found !== "late") return found;
    logInfo("page.layer_late", { afterMs: layerTimeoutMs });
    return undefined;
  } catch (error) {
    logError("page.layer_unreadable", error);
    return undefined;
  }
}

function keep(deps: RenderDeps, layers: PageLayer[], digest: string, entry: PageEntry): void {
  const nowMs = deps.clock.nowMs();
  const write = async (layer: PageLayer) => {
    try {
      await layer.put(digest, entry, nowMs);
    } catch (error) {
      logError("page.not_kept", error);
    }
  };
  deps.waitUntil(Promise.all(layers.map(write)));
}

const newest = (entries: readonly (PageEntry | undefined)[]): PageEntry | undefined =>
  entries
    .filter((entry) => entry !== undefined)
    .reduce<PageEntry | undefined>(
      (best, entry) => (best && best.seq >= entry.seq ? best : entry),
      undefined,
    );

/** Whether an old page may be shown instead of none. Without a trusted view, its age counts from the last one. */
function mayStandIn(
  { edge: { reader }, clock }: RenderDeps,
  entry: PageEntry | undefined,
): entry is PageEntry {
  if (!entry) return false;
  const nowMs = clock.nowMs();
  const sinceMs = isValid(entry, reader.view, nowMs)
    ? nowMs - reader.ageMs(nowMs)
    : invalidSinceMs(entry, reader.view, nowMs);
  return sinceMs !== undefined && nowMs - sinceMs <= STALE_GRACE_MS;
}
