type Due = { atMs: number; order: number; run: () => void };

/** Virtual time: nothing waits, and what is due at the same moment happens in the order it was asked for. */
export class Timeline {
  nowMs = Date.UTC(2026, 0, 5);
  readonly #due: Due[] = [];
  #orders = 0;

  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#orders++, run });
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Lets everything happen that is due until then. */
  async advanceTo(untilMs: number): Promise<void> {
    await drained();
    for (let next = this.#due[0]; next && next.atMs <= untilMs; next = this.#due[0]) {
      this.#pop();
      this.nowMs = next.atMs;
      next.run();
      await drained();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #push(due: Due): void {
    const heap = this.#due;
    let index = heap.push(due) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isSooner(due, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = due;
  }

  #pop(): void {
    const heap = this.#due;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isSooner(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isSooner(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

const isSooner = (a: Due, b: Due): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** All promises that can go on have gone on: a macrotask begins only when no microtask is left. */
const drained = () => new Promise<void>((resolve) => setImmediate(resolve));
