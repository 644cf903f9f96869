import { logError } from "../telemetry/log.ts";
import type { Forward } from "./forward.ts";

/** The platform's own cache in front of this Worker, where there is one: `ctx.cache`. Absent locally. */
export type PlatformCache = Pick<CacheContext, "purge">;

const ASK_INTERVAL_MS = 2_000;

/**
 * Passes purges on to the platform's cache. It takes five calls a minute, so the feed hands them out,
 * coalesced, to whichever isolate asks. Correctness never depends on it: see `answer.ts`.
 */
export class PurgeForwarder {
  #forwardedTo = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  /** Whether purges are known that this isolate has not seen passed on. */
  isDue(newestPurge: number, nowMs: number): boolean {
    return newestPurge > this.#forwardedTo && nowMs - this.#askedAtMs >= ASK_INTERVAL_MS;
  }

  async forward(
    cache: PlatformCache,
    take: () => Promise<{ forward: Forward | undefined; waiting: boolean }>,
    newestPurge: number,
    nowMs: number,
  ): Promise<void> {
    this.#askedAtMs = nowMs;
    try {
      const { forward, waiting } = await take();
      if (forward) await purge(cache, forward);
      if (!waiting) this.#forwardedTo = newestPurge;
    } catch (error) {
      logError("edge_feed.not_forwarded", error);
    }
  }
}

async function purge(cache: PlatformCache, forward: Forward): Promise<void> {
  const { success, errors } = await cache.purge(forward);
  if (!success) throw new Error(errors.map(({ message }) => message).join("; "));
}

/** Asked for by what it can do: the local runtime has the property on some versions, but not the method. */
export function platformCache({ cache }: { cache?: CacheContext }): PlatformCache | undefined {
  return typeof cache?.purge === "function" ? cache : undefined;
}
