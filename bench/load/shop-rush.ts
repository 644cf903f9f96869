import { Latencies } from "./latencies.ts";
import { type Purchase, Shopper } from "./shopper.ts";

export type Rush = { url: string; shoppers: number; skus: string[]; forMs: number; most: number };
export type RushRun = {
  purchases: Purchase[];
  seconds: number;
  perMinute: number;
  p50Ms: number;
  p99Ms: number;
};

/** Shoppers who each buy two things again and again, until the time is over or `most` were bought. */
export async function rush({ url, shoppers, skus, forMs, most }: Rush): Promise<RushRun> {
  const purchases: Purchase[] = [];
  const startedAtMs = performance.now();
  let begun = 0;
  const shop = async () => {
    const shopper = await Shopper.enter(new URL(url));
    try {
      while (begun < most && performance.now() - startedAtMs < forMs) {
        const at = 2 * begun;
        begun += 1;
        const pair = [skus[at % skus.length]!, skus[(at + 1) % skus.length]!] as const;
        purchases.push(await shopper.buy(pair));
      }
    } finally {
      shopper.leave();
    }
  };
  await Promise.all(Array.from({ length: shoppers }, shop));
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const latencies = new Latencies();
  for (const { ms } of purchases) latencies.add(ms);
  const [p50Ms, p99Ms] = latencies.percentiles([0.5, 0.99]);
  return { purchases, seconds, perMinute: (purchases.length * 60) / seconds, p50Ms, p99Ms };
}
