import { memoryBytes, type PageEntry } from "./entry.ts";
import { isInTime, isUnpurged, isValid, type KnownPurges } from "./validity.ts";

const MEMORY_BYTES_MAX = 32 * 1024 * 1024;
/** A page that is larger than this share of the whole would push out too many others. */
const ENTRY_SHARE_MAX = 1 / 8;
/** How long a page counts as just used: moving it at each use would cost more than it tells. */
const TOUCH_MS = 1_000;

export type Slot = {
  readonly entry: PageEntry;
  readonly bytes: number;
  /** The answer's headers, made at the first hit: the next ones only add what is theirs. */
  hotHeaders: Headers | undefined;
  /** The feed's position up to which the entry is known to be unpurged. */
  checkedTo: number;
  touchedAtMs: number;
  /** Until then nobody tries to render it again: it just failed. */
  restUntilMs: number;
};

/** L0: pages in the isolate's own memory, the least lately used first to go, bounded by bytes. */
export class MemoryLayer {
  readonly #slots = new Map<string, Slot>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = MEMORY_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** The page if it may be served. Costs no look at the tags unless something was purged meanwhile. */
  get(key: string, view: KnownPurges, nowMs: number): Slot | undefined {
    const slot = this.#slots.get(key);
    if (!slot || !isInTime(slot.entry, nowMs)) return undefined;
    const { newestPurge } = view;
    if (slot.checkedTo < newestPurge) {
      if (!isUnpurged(slot.entry, view)) return undefined;
      slot.checkedTo = newestPurge;
    }
    if (nowMs - slot.touchedAtMs > TOUCH_MS) {
      slot.touchedAtMs = nowMs;
      this.#slots.delete(key);
      this.#slots.set(key, slot);
    }
    return slot;
  }

  /** Whatever is kept under the key, valid or not: it may have to stand in for a failed render. */
  peek(key: string): Slot | undefined {
    return this.#slots.get(key);
  }

  set(key: string, entry: PageEntry, nowMs: number): Slot | undefined {
    const bytes = memoryBytes(key, entry);
    if (bytes > this.#bytesMax * ENTRY_SHARE_MAX) return undefined;
    this.#drop(key);
    const slot: Slot = {
      entry,
      bytes,
      hotHeaders: undefined,
      checkedTo: entry.seq,
      touchedAtMs: nowMs,
      restUntilMs: 0,
    };
    this.#slots.set(key, slot);
    this.#bytes += bytes;
    for (const oldest of this.#slots.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(oldest);
    }
    return slot;
  }

  /** How many valid pages carry any of the tags; all of them when none are given. */
  count(view: KnownPurges, nowMs: number, tags?: ReadonlySet<string>): number {
    let count = 0;
    for (const { entry } of this.#slots.values()) {
      const isMeant = tags === undefined || entry.tags.some((tag) => tags.has(tag));
      if (isMeant && isValid(entry, view, nowMs)) count += 1;
    }
    return count;
  }

  #drop(key: string): void {
    const slot = this.#slots.get(key);
    if (!slot) return;
    this.#slots.delete(key);
    this.#bytes -= slot.bytes;
  }
}
