import { cors } from "hono/cors";

const EXPOSED_HEADERS = [
  "Cart-Token",
  "ETag",
  "Location",
  "Retry-After",
  "RateLimit",
  "RateLimit-Policy",
  "X-Request-Id",
  "Idempotent-Replayed",
];

/**
 * Configured origins may read answers, refusals included; nobody else's scripts can. A preflight is
 * answered here, before anybody asks for credentials that a preflight cannot carry.
 */
export const crossOrigin = cors({
  origin: (origin, c) => (c.var.io.config.CORS_ORIGINS.includes(origin) ? origin : null),
  allowHeaders: ["Authorization", "Cart-Token", "Order-Token", "Idempotency-Key", "Content-Type"],
  exposeHeaders: EXPOSED_HEADERS,
  maxAge: 600,
});

/** What the pipeline adds to an answer that was asked for from no other site. */
export const PIPELINE_HEADERS = {
  "Access-Control-Expose-Headers": EXPOSED_HEADERS.join(","),
  Vary: "Origin",
  "X-Content-Type-Options": "nosniff",
};
