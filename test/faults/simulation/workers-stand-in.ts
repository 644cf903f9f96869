import { createHash } from "node:crypto";
import { registerHooks } from "node:module";

/**
 * Lets plain Node load the shop's object classes: of `cloudflare:workers` they only need the base
 * class that keeps `ctx` and `env`. Import this before any of them.
 */
const WORKERS = `export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }`;
/** `order_events` is a model, `OrderLog`, which whoever makes the `Io` puts into it. */
const STORE = `export const readEvents = (sql, orderId) => sql.read(orderId);
  export const appendEvents = (sql, events) => sql.append(events);`;
const PUBLISH = "export const publishOrLeave = (io, queues, orderId) => queues.publish(orderId);";

const script = (text: string) => ({
  url: `data:text/javascript,${encodeURIComponent(text)}`,
  shortCircuit: true,
});

registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === "cloudflare:workers") return script(WORKERS);
    if (context.parentURL?.includes("/src/orders/")) {
      if (specifier === "./store.ts") return script(STORE);
      if (specifier === "./publish-events.ts") return script(PUBLISH);
    }
    return next(specifier, context);
  },
});

/** At once: Node's own comes from another thread, in a time that no seed decides. */
Object.defineProperty(crypto.subtle, "digest", {
  value: async (_algorithm: string, data: Uint8Array) => {
    const { buffer, byteOffset, length } = createHash("sha256").update(data).digest();
    return buffer.slice(byteOffset, byteOffset + length);
  },
});
