import type { Meter } from "../telemetry/meter.ts";
import type { IsolatePages } from "./isolate-pages.ts";
import { pageDigest } from "./page-key.ts";
import {
  findOrRender,
  type Making,
  type Outcome,
  type RenderDeps,
  type Served,
} from "./render-page.ts";
import { isUnpurged } from "./validity.ts";

export type ServeDeps = RenderDeps & { meter: Meter };

const ATTEMPTS_MAX = 3;

/**
 * The page under a key, or undefined where there is no such resource. Memory answers first; everybody
 * else who misses the same key waits for one, and takes what that one found only if it is right for
 * the time at which they asked.
 */
export async function servePage(
  deps: ServeDeps,
  pages: IsolatePages,
  key: string,
  making: Making,
): Promise<Served | undefined> {
  const served = await find(deps, pages, key, making);
  if (!served) return undefined;
  pages.served[served.from] += 1;
  const isInDoubt = pages.reader.state(deps.clock.nowMs()) !== "fresh";
  // A page rendered just now is right whatever the feed would say; what was kept may not be.
  if (!isInDoubt || served.doubt || served.from === "miss") return served;
  return { ...served, doubt: "feed-unreachable" };
}

async function find(
  deps: ServeDeps,
  pages: IsolatePages,
  key: string,
  making: Making,
): Promise<Served | undefined> {
  const { edge, clock, meter } = deps;
  edge.keepFresh(clock.nowMs());
  const fresh = pages.reader.state(clock.nowMs()) === "fresh";
  // A page in memory needs nothing but the view; without one, the layers are asked beside the feed.
  if (!fresh && pages.memory.peek(key)) await edge.refresh();
  const remembered = fromMemory(deps, pages, key);
  if (remembered) return remembered;

  const digest = await pageDigest(key);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const flight = pages.flights.join(key, clock.nowMs());
    if (!flight) break;
    const outcome = await meter.step("cache", () => flight);
    if (pages.reader.state(clock.nowMs()) !== "fresh") await edge.refresh();
    if (outcome !== "lost" && isRightNow(outcome, pages)) return outcome.served;
  }
  const flight = pages.flights.lead(key, clock.nowMs(), () =>
    findOrRender(deps, key, digest, making),
  );
  deps.waitUntil(flight.catch(() => {})); // It is reported to those who wait for it.
  return (await flight).served;
}

function fromMemory(
  { clock }: ServeDeps,
  { memory, reader }: IsolatePages,
  key: string,
): Served | undefined {
  const nowMs = clock.nowMs();
  if (reader.state(nowMs) === "blind") return undefined;
  const slot = memory.get(key, reader.view, nowMs);
  return slot && { entry: slot.entry, from: "hit-memory" };
}

/** A flight may have left before a purge that this request has to obey. */
function isRightNow({ served, seq }: Outcome, { reader }: IsolatePages): boolean {
  if (!served) return seq >= reader.view.newestPurge;
  return served.from === "stale" || isUnpurged(served.entry, reader.view);
}
