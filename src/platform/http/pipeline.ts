import { createMiddleware } from "hono/factory";
import { configOf } from "../config/config.ts";
import { openIo } from "../io/io.ts";
import { pressureOf } from "../load/isolate-pressure.ts";
import { Meter } from "../telemetry/meter.ts";
import type { ApiEnv } from "./context.ts";
import { newRequestId } from "./request-id.ts";

/** Names the request, opens its view of the world, and reports what it cost on the way out. */
export const identify = createMiddleware<ApiEnv>(async (c, next) => {
  const requestId = newRequestId(c.req.header("X-Request-Id"));
  const pressure = pressureOf(configOf(c.env));
  const meter = new Meter((kind, went) => pressure.hear(kind, went, Date.now()));
  c.set("requestId", requestId);
  c.set("meter", meter);
  c.set("io", openIo(c.env, requestId, meter));
  await next();
  c.header("X-Request-Id", requestId);
  c.header("X-Round-Trips", String(meter.roundTrips));
  // Present on every response, an empty list where nobody was asked: whoever counts steps counts none.
  c.header("Server-Timing", meter.serverTiming());
});

/** Nothing is stored by any cache unless a route says so. */
export const noStoreByDefault = createMiddleware<ApiEnv>(async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  c.header("X-Content-Type-Options", "nosniff");
});
