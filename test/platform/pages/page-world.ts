import { env } from "cloudflare:workers";
import {
  appendFacts,
  type EdgeFeedBinding,
  EdgeReader,
  type NewFact,
  openEdge,
} from "../../../src/platform/edge/index.ts";
import type { PageEntry } from "../../../src/platform/pages/entry.ts";
import { openGlobalLayer } from "../../../src/platform/pages/global-layer.ts";
import { newIsolatePages } from "../../../src/platform/pages/isolate-pages.ts";
import { MemoryLayer } from "../../../src/platform/pages/memory-layer.ts";
import { openPopLayer, type PageLayer } from "../../../src/platform/pages/pop-layer.ts";
import type { PageSource, Rendered } from "../../../src/platform/pages/render-page.ts";
import { servePage } from "../../../src/platform/pages/serve-page.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";

export type TestRender = (source: PageSource) => Promise<Rendered<unknown> | undefined>;

/**
 * A shop's caches of a test's own: the real feed object, Cache API and KV, and as many isolates and
 * data centres as it needs. Its clock runs ahead of the real one by what the test lets pass.
 */
export function openWorld() {
  const id = crypto.randomUUID();
  let aheadMs = 0;
  let isFeedDown = false;
  const clock = { nowMs: () => Date.now() + aheadMs };
  const feed = () => {
    if (isFeedDown) throw new Error("the feed is unreachable");
    return env.EDGE_FEED.getByName(`test_${id}`);
  };
  const binding = { EDGE_FEED: { getByName: feed } } as unknown as EdgeFeedBinding;
  const truth = { version: 1, renders: [] as PageSource[] };

  const append = async (...facts: NewFact[]) => {
    const appended = await appendFacts(binding, new Meter(), facts);
    if (!appended.ok) throw new Error(appended.error.code);
    return appended.value;
  };

  /** A page that shows the truth's version. */
  const render: TestRender = async (source) => {
    truth.renders.push(source);
    return { body: { version: truth.version }, tags: ["product:a"] };
  };

  const openIsolate = ({
    pop = "here",
    memoryBytes = 1_000_000,
    global = true,
    hangs = false,
  } = {}) => {
    const reader = new EdgeReader(clock);
    const pages = newIsolatePages(reader, new MemoryLayer(memoryBytes));
    const hanging: PageLayer = { get: () => new Promise(() => {}), put: async () => {} };
    const nothing: PageLayer = { get: async () => undefined, put: async () => {} };
    const pending: Promise<unknown>[] = [];
    const ask = async (key = "page", by: TestRender = render) => {
      const meter = new Meter();
      const waitUntil = (work: Promise<unknown>) => {
        pending.push(work);
      };
      const kv = { namespace: env.PAGES, version: id, pace: pages.pace, meter };
      const deps = {
        edge: openEdge(binding, meter, { waitUntil }, reader),
        memory: pages.memory,
        pop: hangs
          ? hanging
          : openPopLayer({
              cache: caches.default,
              origin: `https://${pop}-${id}.test`,
              version: "1",
              meter,
            }),
        global: hangs ? hanging : global ? openGlobalLayer(kv) : nothing,
        // Long where layers answer: what is tested there must not depend on how busy the machine is.
        layerTimeoutMs: hangs ? 50 : 10_000,
        clock,
        meter,
        waitUntil,
      };
      const served = await servePage(deps, pages, key, { render: by });
      return { ...view(served), entry: served?.entry, steps: meter.roundTrips, meter };
    };
    /** Waits for what requests left to be done behind their answers. */
    const settle = async () => {
      while (pending.length > 0) await Promise.allSettled(pending.splice(0));
    };
    return { ask, settle, pages, reader };
  };

  return {
    truth,
    clock,
    render,
    openIsolate,
    append,
    purge: (...tags: string[]) =>
      append(...tags.map((value) => ({ kind: "purge", value }) as const)),
    pass(ms: number) {
      aheadMs += ms;
    },
    setFeedDown(isDown: boolean) {
      isFeedDown = isDown;
    },
  };
}

type Served = { entry: PageEntry; from: string; doubt?: string };

const view = (served: Served | undefined) => ({
  from: served?.from,
  doubt: served?.doubt,
  body: served && (JSON.parse(served.entry.body) as unknown),
});

/** A promise to be settled by hand. */
export const gate = <T = void>() => Promise.withResolvers<T>();
