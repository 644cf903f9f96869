import { registerHooks } from "node:module";

/**
 * Lets plain Node load the shop's object classes: of `cloudflare:workers` they only need the base
 * class that keeps `ctx` and `env`. Import this before any of them.
 */
const STAND_IN = `data:text/javascript,
  export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers"
      ? { url: STAND_IN, shortCircuit: true }
      : next(specifier, context),
});
