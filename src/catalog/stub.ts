import type { PriceClockObject } from "./object.ts";

export type MediaEnv = { readonly MEDIA: R2Bucket };
export type PriceClockEnv = { readonly PRICE_CLOCK: DurableObjectNamespace<PriceClockObject> };

/** The bucket that images are served from. */
export const mediaBucket = (env: MediaEnv): R2Bucket => env.MEDIA;

/** There is one clock. A new stub per call: one that has failed once may stay broken. */
export const priceClock = (env: PriceClockEnv): DurableObjectStub<PriceClockObject> =>
  env.PRICE_CLOCK.getByName("root");
