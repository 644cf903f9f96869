import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "../http/context.ts";
import { Problem } from "../http/problem.ts";
import { type JsonFault, scanJson } from "./scan-json.ts";

const JSON_BODY_BYTES_MAX = 64 * 1024;
/** Operators write whole pages of content. */
const STAFF_JSON_BYTES_MAX = 1024 * 1024;
const UPLOAD_BYTES_MAX = 16 * 1024 * 1024;
const JSON_BOUNDS = { depthMax: 32, keysMax: 2_000 };
const STAFF_JSON_BOUNDS = { depthMax: 32, keysMax: 20_000 };

const JSON_TYPE = /^application\/(?:[\w.+-]*\+)?json(?:\s*;|$)/i;
const isJson = (type: string | undefined) => type !== undefined && JSON_TYPE.test(type.trim());

const tooLarge = () => {
  throw new Problem("request-too-large");
};
const limitTo = (maxSize: number) => bodyLimit({ maxSize, onError: tooLarge });
const limitJson = limitTo(JSON_BODY_BYTES_MAX);
const limitStaffJson = limitTo(STAFF_JSON_BYTES_MAX);
const limitUpload = limitTo(UPLOAD_BYTES_MAX);

const FAULTS: Record<JsonFault, string> = {
  too_deep: "is nested too deeply",
  too_many_keys: "has too many keys",
  duplicate_key: "names a key twice in one object",
  lone_surrogate: "contains half a character",
};

/**
 * Bounds a body before anything is built from it: its size, in pieces too, and for JSON its depth, its
 * keys and their number. Compressed bodies are refused, as nothing here would inflate them. Only
 * operators upload.
 */
export const limitBody = createMiddleware<ApiEnv>(async (c, next) => {
  if (!c.req.raw.body) return next();
  const encoding = c.req.header("Content-Encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "") {
    throw new Problem("unsupported-media-type", { detail: "send the body uncompressed" });
  }
  const isStaff = c.req.path.startsWith("/ops/");
  const json = isJson(c.req.header("Content-Type"));
  if (isStaff && !json) return limitUpload(c, next);
  return (isStaff ? limitStaffJson : limitJson)(c, async () => {
    if (json) await boundJson(c, isStaff ? STAFF_JSON_BOUNDS : JSON_BOUNDS);
    await next();
  });
});

async function boundJson(c: Context, bounds: typeof JSON_BOUNDS): Promise<void> {
  // Kept by the request, so whoever reads the body afterwards reads it from memory.
  const fault = scanJson(await c.req.text(), bounds);
  if (fault) throw new Problem("request-malformed", { detail: `the body ${FAULTS[fault]}` });
}

/** A JSON route that is sent something else would see no body at all; say so instead. */
export const jsonOnly = createMiddleware<ApiEnv>(async (c, next) => {
  const type = c.req.header("Content-Type");
  if (type !== undefined && !isJson(type)) throw new Problem("unsupported-media-type");
  await next();
});
