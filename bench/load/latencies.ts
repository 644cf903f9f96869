/** Latencies of one run, in milliseconds. */
export class Latencies {
  readonly #samples: number[] = [];

  add(ms: number): void {
    this.#samples.push(ms);
  }

  get count(): number {
    return this.#samples.length;
  }

  /** The nearest-rank percentile, `share` in (0, 1]; NaN of nothing. */
  percentiles<const S extends readonly number[]>(shares: S): { [K in keyof S]: number } {
    const sorted = Float64Array.from(this.#samples).sort();
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
    return shares.map(at) as { [K in keyof S]: number };
  }
}

/** The middle of the values, or the mean of the two middles; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
