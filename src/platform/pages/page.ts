import type { Context } from "hono";
import { sha256Hex } from "../../shared/digest.ts";

const ETAG_DIGITS = 32;
const BROWSER = "public, max-age=0, must-revalidate";
const CDN = "public, s-maxage=60, stale-while-revalidate=60";

export type PageOptions = {
  /** False for an answer that a dependency left incomplete: nobody may keep it. */
  storable?: boolean;
};

/**
 * Makes a public page of an answer: a strong ETag over its bytes, 304 to whom has them already, and
 * the directives for browsers and for CDNs. Only for what depends on the URL and nothing else.
 */
export async function page<R extends Response>(
  c: Context,
  answer: R,
  { storable = true }: PageOptions = {},
): Promise<R> {
  const body = await answer.text();
  const headers = new Headers(answer.headers);
  headers.set("X-Cache", "miss");
  if (!storable) {
    headers.set("Cache-Control", "no-store");
    return new Response(body, { status: answer.status, headers }) as R;
  }
  const etag = `"${(await sha256Hex(body)).slice(0, ETAG_DIGITS)}"`;
  headers.set("ETag", etag);
  headers.set("Cache-Control", BROWSER);
  headers.set("CDN-Cache-Control", CDN);
  if (!matchesEtag(c.req.header("If-None-Match"), etag)) {
    return new Response(body, { status: answer.status, headers }) as R;
  }
  headers.delete("Content-Type");
  return new Response(null, { status: 304, headers }) as R;
}

/** RFC 9110, section 13.1.2: a list or `*`, compared weakly. */
function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  return header.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === etag);
}
