import { type Context, Hono } from "hono";
import type { ApiEnv } from "./context.ts";

/** Everything from the shop's own origin, nothing inline, framed by nobody, and no address passed on. */
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

/**
 * Pages that mails and issuers send people to. They hold nothing of anybody: what a link's fragment or an
 * issuer's redirect brought is their scripts' to read, which ask the API with it.
 */
export const webPages = new Hono<ApiEnv>()
  .get("/order/:orderId", (c) => page(c, "order"))
  .get("/account/verify", (c) => page(c, "verify"))
  .get("/account/confirm-email", (c) => page(c, "confirm-email"))
  .get("/account/reset", (c) => page(c, "reset"))
  // Where a sign-in by an account elsewhere begins and ends, for a shop without a front end of its own.
  .get("/sign-in/:provider", (c) => page(c, "sign-in"))
  // `sign-in` is what mails linked to that were sent before they said "forgotten".
  .on("GET", ["/account/forgot", "/account/sign-in"], (c) => page(c, "forgot"));

async function page(c: Context<ApiEnv>, name: string): Promise<Response> {
  const asset = await c.env.ASSETS.fetch(new URL(`/pages/${name}`, c.req.url));
  const headers = { "Content-Type": "text/html; charset=utf-8", ...HEADERS };
  return new Response(asset.body, { status: asset.status, headers });
}
