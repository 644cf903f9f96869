import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { openIo } from "../io/io.ts";
import { Meter } from "../telemetry/meter.ts";
import type { ApiEnv } from "./context.ts";
import { Problem } from "./problem.ts";
import { newRequestId } from "./request-id.ts";

/** Names the request, opens its view of the world, and reports what it cost on the way out. */
export const identify = createMiddleware<ApiEnv>(async (c, next) => {
  const requestId = newRequestId(c.req.header("X-Request-Id"));
  const meter = new Meter();
  c.set("requestId", requestId);
  c.set("meter", meter);
  c.set("io", openIo(c.env, requestId, meter));
  await next();
  c.header("X-Request-Id", requestId);
  c.header("X-Round-Trips", String(meter.roundTrips));
  const timing = meter.serverTiming();
  if (timing) c.header("Server-Timing", timing);
});

/** Nothing is stored by any cache unless a route says so. */
export const noStoreByDefault = createMiddleware<ApiEnv>(async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  c.header("X-Content-Type-Options", "nosniff");
});

const JSON_BODY_BYTES_MAX = 64 * 1024;
const UPLOAD_BYTES_MAX = 16 * 1024 * 1024;

const tooLarge = () => {
  throw new Problem("request-too-large");
};
const limitJson = bodyLimit({ maxSize: JSON_BODY_BYTES_MAX, onError: tooLarge });
const limitUpload = bodyLimit({ maxSize: UPLOAD_BYTES_MAX, onError: tooLarge });

/** Bounds a body before anything reads it. Only operators upload. */
export const limitBody = createMiddleware<ApiEnv>((c, next) =>
  c.req.path.startsWith("/ops/") ? limitUpload(c, next) : limitJson(c, next),
);

/** A JSON route that is sent something else would see no body at all; say so instead. */
export const jsonOnly = createMiddleware<ApiEnv>(async (c, next) => {
  const type = c.req.header("Content-Type");
  if (type !== undefined && !/^application\/(?:[\w.+-]*\+)?json(?:\s*;|$)/i.test(type.trim())) {
    throw new Problem("unsupported-media-type");
  }
  await next();
});
