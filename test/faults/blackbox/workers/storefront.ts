// The storefront with fault points around everything its checkouts do. Only the proof builds it.
import shop, * as real from "../../../../workers/storefront/index.ts";
import { watchBindings, watchWrites } from "./binding-points.ts";
import { crashing, enter } from "./fault-points.ts";
import { prepare } from "./prepare.ts";

// The other objects are what they are; the names below stand before these.
export * from "../../../../workers/storefront/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks this of a mixin's constructor.
type AnyObject = new (...args: any[]) => object;
type Methods = Record<string, (...args: unknown[]) => unknown>;

/** An object that can be made to crash around one of its methods. */
function resettable<C extends AnyObject>(Base: C): C {
  return class extends (Base as AnyObject) {
    async resetAround(when: "before" | "after", method: string, args: unknown[]) {
      const { ctx } = this as unknown as { ctx: DurableObjectState };
      if (when === "before") ctx.abort("proof: reset before the effect");
      await (this as unknown as Methods)[method]!(...args);
      await ctx.storage.sync();
      ctx.abort("proof: reset after the effect");
    }
  } as unknown as C;
}

export const CartObject = resettable(real.CartObject);
export const SkuStockObject = resettable(real.SkuStockObject);
export const CouponObject = resettable(real.CouponObject);
export const VoucherObject = resettable(real.VoucherObject);
export const BreakerObject = resettable(real.BreakerObject);
type Checkout = InstanceType<typeof real.CheckoutObject>;

export class CheckoutObject extends resettable(real.CheckoutObject) {
  constructor(ctx: DurableObjectState, env: Env) {
    prepare(env);
    watchWrites(ctx);
    super(ctx, watchBindings(env));
  }

  override validate(request: Parameters<Checkout["validate"]>[0]) {
    return this.#enter("/validate", () => super.validate(request));
  }

  override complete(request: Parameters<Checkout["complete"]>[0]) {
    return this.#enter("", () => super.complete(request));
  }

  override hear(news: Parameters<Checkout["hear"]>[0]) {
    return this.#enter("", () => super.hear(news));
  }

  override alarm() {
    return this.#enter("", async () => super.alarm());
  }

  #enter<T>(what: string, run: () => Promise<T>): Promise<T> {
    const { ctx } = this;
    const host = {
      die: () => {
        ctx.abort("proof: crash");
        throw new Error("an aborted object does not go on");
      },
      settle: () => ctx.storage.sync(),
      waitUntil: (work: Promise<unknown>) => ctx.waitUntil(work),
    };
    return enter(`${ctx.id.name}${what}`, host, run);
  }
}

export default {
  async fetch(request, env, ctx) {
    prepare(env);
    const subject = await subjectOf(request);
    const answer = async () => shop.fetch(request, watchBindings(env), ctx);
    return subject ? enter(subject, crashing(ctx), answer) : answer();
  },
} satisfies ExportedHandler<Env>;

/** A webhook and a cancellation do their work in the Worker itself. */
async function subjectOf(request: Request<unknown, IncomingRequestCfProperties>) {
  const { pathname } = new URL(request.url);
  const [, order] = /\/order\/(ord_\w+)\/cancel$/.exec(pathname) ?? [];
  if (order) return `${order}/cancel`;
  if (!pathname.startsWith("/webhooks/payments/")) return undefined;
  const [checkout] = /chk_\w+/.exec(await request.clone().text()) ?? [];
  return checkout && `${checkout}/webhook`;
}
