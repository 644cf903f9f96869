import { median } from "../load/latencies.ts";

/** What several runs of one measurement gave. */
export type Spread = { median: number; min: number; max: number };

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});
