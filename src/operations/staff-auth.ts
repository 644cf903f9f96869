import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "../platform/http/context.ts";
import { Problem } from "../platform/http/problem.ts";
import { sameText, sha256Hex } from "../shared/digest.ts";

const KEY_LENGTH_MAX = 200;

/**
 * Lets staff keys through. A key is a bearer token of which only the SHA-256 is configured. Every
 * configured key is compared, so the time taken does not tell which one came close.
 */
export const requireStaff = createMiddleware<ApiEnv>(async (c, next) => {
  const [scheme, key] = (c.req.header("Authorization") ?? "").split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !key || key.length > KEY_LENGTH_MAX) {
    throw new Problem("unauthorized", {}, { "WWW-Authenticate": "Bearer" });
  }
  const digest = await sha256Hex(key);
  const matching = c.var.io.config.STAFF_KEYS.filter(({ sha256 }) => sameText(sha256, digest));
  const [known] = matching;
  if (!known) throw new Problem("unauthorized", {}, { "WWW-Authenticate": "Bearer" });
  if (!mayEnter(known.scopes, c.req.path, c.req.method)) throw new Problem("forbidden");
  c.set("staff", known.id);
  await next();
});

/** A scope is `*`, or the first segment under `/ops/v1/` with `:read` or `:write`. */
export function mayEnter(scopes: readonly string[], path: string, method: string): boolean {
  const area = path.split("/")[3] ?? "";
  const isRead = method === "GET" || method === "HEAD";
  return scopes.some(
    (scope) => scope === "*" || scope === `${area}:write` || (isRead && scope === `${area}:read`),
  );
}
