import { Hono } from "hono";
import { html } from "hono/html";
import type { ApiEnv } from "./context.ts";
import { PROBLEMS, Problem, type ProblemSlug } from "./problem.ts";

/** What a client should do about each problem: the text behind its `type`. */
const ADVICE: Record<ProblemSlug, string> = {
  "cart-limit": "A cart holds at most 100 lines and 999 of each. Split the purchase.",
  "checkout-closed": "Read the checkout. To buy again, validate the cart: it gets a new checkout.",
  "checkout-incomplete": "`problems` says what is missing. Mend it and validate again.",
  "content-conflict":
    "Somebody was faster: `current` is the version there is now, 0 for none. Read it again.",
  "coupon-refused": "`reason` says why. The cart is as it was.",
  "dependency-unavailable":
    "Nothing was changed. Repeat the request with the same Idempotency-Key after `Retry-After` seconds.",
  forbidden:
    "The key is valid but its scopes do not cover this route; or your address or agent is blocked: quote `requestId` to support.",
  "idempotency-key-required": "Send a fresh random `Idempotency-Key` with each purchase attempt.",
  "idempotency-key-reused": "Use a new key for a new request; repeat a request unchanged.",
  "insufficient-stock": "`available` says how many can be had. Lower the quantity.",
  internal: "The fault is ours. Quote `requestId` to support; repeating with the same key is safe.",
  "method-not-allowed": "`Allow` lists the methods that this path has.",
  "not-found": "The resource does not exist, or the token sent does not open it.",
  "oidc-conflict":
    "`reason` says why: `email_unverified` asks to verify the address there, `link_required` to sign in here first and link the two, `already_linked` that it is linked with an account, or the account with another.",
  "oidc-refused":
    "Begin again. Each sign-in elsewhere is good once, for ten minutes, in one browser.",
  "order-conflict": "Read the order: its status says what can still be done.",
  overloaded: "Nothing was done. Repeat the request after `Retry-After` seconds.",
  "passkey-conflict":
    "`reason` says why: `known` is registered already, `limit` asks to remove one first.",
  "passkey-refused": "Ask for new options and try again, or sign in another way.",
  "payment-declined": "The issuer said no. Offer another means of payment, with a new key.",
  "payments-unavailable":
    "No processor could take the payment. Nothing was charged. Try again soon.",
  "purchase-limit":
    "`shortages` says of each SKU how many one shopper may have (`max`), and how many more you may (`available`). Lower the quantity.",
  "quote-changed":
    "Prices, the cart or the time have moved on. Show the new `quote` and let the shopper agree.",
  "rate-limited": "Repeat after `Retry-After` seconds, and less often.",
  "request-in-progress": "The first request is still running. Repeat after `Retry-After` seconds.",
  "request-invalid": "`errors` names each wrong field by JSON pointer.",
  "request-malformed": "The body is not well-formed JSON, or the request cannot be parsed.",
  "request-too-large": "Send less at once.",
  "second-factor-conflict":
    "`reason` says why: `nothing_pending` asks for `POST /auth/2fa/setup` first, `not_set` has nothing to change.",
  "second-factor-refused":
    "Take the code that the app shows now, each once, or a recovery code that was not used yet.",
  "sign-in-refused":
    "Check both, or set a new password. An address that was never confirmed by its mail has no account yet.",
  "sku-unknown": "The SKU does not exist or is no longer sold.",
  "staff-key-ended": "The key was revoked, ran out or was rotated already. Make a new one.",
  "step-up-required":
    "Send one of `methods` to `POST /auth/step-up`, then repeat with the access token of its answer.",
  unauthorized: "Send valid credentials in `Authorization`.",
  "voucher-refused": "`reason` says why. The cart is as it was.",
  "unsupported-media-type": "Send `Content-Type: application/json`.",
};

/** Each problem's `type` is a page that people can read. */
export const problemPages = new Hono<ApiEnv>().get("/problems/:slug", (c) => {
  const slug = c.req.param("slug");
  if (!Object.hasOwn(PROBLEMS, slug)) throw new Problem("not-found");
  const { status, title } = PROBLEMS[slug as ProblemSlug];
  const advice = ADVICE[slug as ProblemSlug];
  c.header("Cache-Control", "public, max-age=3600");
  return c.html(
    html`<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<body style="font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem">
<p><code>${status} ${slug}</code></p><h1>${title}</h1><p>${advice}</p></body></html>`,
  );
});
