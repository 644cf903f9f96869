import type { Meter } from "../telemetry/meter.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";
import { type PageLayer, remainingSeconds } from "./pop-layer.ts";

/** KV's least. Its copies at other places may be that old; the validity rule sees to it. */
const KV_TTL_SECONDS_MIN = 60;
const KV_CACHE_SECONDS = 30;

/** KV takes one write a second per key. */
const WRITE_INTERVAL_MS = 1_000;
const WRITES_REMEMBERED_MAX = 10_000;

/** When this isolate last wrote each key: it skips a write rather than have the platform refuse it. */
export class WritePace {
  readonly #writtenAtMs = new Map<string, number>();

  /** True at most once per second and key. */
  mayWrite(key: string, nowMs: number): boolean {
    const lastMs = this.#writtenAtMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < WRITE_INTERVAL_MS) return false;
    this.#writtenAtMs.delete(key);
    this.#writtenAtMs.set(key, nowMs);
    for (const [oldest, atMs] of this.#writtenAtMs) {
      const isDone = nowMs - atMs >= WRITE_INTERVAL_MS;
      if (!isDone && this.#writtenAtMs.size <= WRITES_REMEMBERED_MAX) break;
      this.#writtenAtMs.delete(oldest);
    }
    return true;
  }
}

export type GlobalLayerOptions = {
  namespace: KVNamespace;
  version: string;
  pace: WritePace;
  meter: Meter;
};

/** L2: KV, the same everywhere within a minute, and the only layer that outlives a data centre's own. */
export function openGlobalLayer({
  namespace,
  version,
  pace,
  meter,
}: GlobalLayerOptions): PageLayer {
  const keyOf = (digest: string) => `pages/${version}/${digest}`;
  return {
    async get(digest) {
      const options = { type: "arrayBuffer", cacheTtl: KV_CACHE_SECONDS } as const;
      const found = await meter.step("kv", () => namespace.get(keyOf(digest), options));
      return found ? decodeEntry(found) : undefined;
    },
    async put(digest, entry, nowMs) {
      // What ends sooner is not worth a write, nor could KV forget it in time.
      if (remainingSeconds(entry, nowMs) < KV_TTL_SECONDS_MIN) return;
      const key = keyOf(digest);
      if (!pace.mayWrite(key, nowMs)) return;
      const expirationTtl = remainingSeconds(entry, nowMs);
      await namespace.put(key, encodeEntry(entry), { expirationTtl });
    },
  };
}
