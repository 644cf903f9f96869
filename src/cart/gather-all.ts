import type { Io } from "../platform/io/io.ts";
import { gatherOffers, joinOffers, type Offers } from "../promotions/index.ts";
import type { Sku } from "../shared/ids.ts";
import { gatherFacts } from "./gather-facts.ts";
import type { CartHoldings, SkuFacts } from "./model.ts";
import type { CartEnv } from "./stub.ts";

/** Everything that is true about what a cart holds, at one moment. */
export type Gathered = { facts: ReadonlyMap<Sku, SkuFacts>; offers: Offers };

export type UsageWanted = Parameters<typeof gatherOffers>[2]["usage"];

/** One round trip at most: SKUs, coupons and vouchers side by side. */
export async function gatherAll(
  io: Io,
  env: CartEnv,
  { skus, coupons, vouchers }: CartHoldings,
  usage?: UsageWanted,
): Promise<Gathered> {
  const [facts, offers] = await Promise.all([
    gatherFacts(io, env, skus),
    gatherOffers(io, env, { coupons, vouchers, usage, isBinding: false }),
  ]);
  return { facts, offers };
}

/** What is known, and what was missing from it. */
export const joinGathered = (known: Gathered, more: Gathered): Gathered => ({
  facts: new Map([...known.facts, ...more.facts]),
  offers: joinOffers(known.offers, more.offers),
});
