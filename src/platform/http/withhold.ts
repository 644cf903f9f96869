import type { Context } from "hono";

/**
 * For a middleware that may find out beside the work that its answer must not be given. Take it before
 * `next()`; called afterwards, it drops the answer. Hono merges an answer's headers into the one that
 * takes its place: without this, a refusal would carry the page's `ETag` and `Cache-Control: public`.
 */
export function withholder(c: Context): () => void {
  const headers = new Headers(c.res.headers);
  return () => {
    c.res = undefined;
    c.res = new Response(null, { headers });
  };
}
