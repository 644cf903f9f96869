import { configOf } from "../config/config.ts";
import { keepFresh, platformCache, visitorOf } from "../edge/index.ts";
import { newRequestId } from "../http/request-id.ts";
import { headersOf, matchesEtag } from "./answer.ts";
import type { PageEntry } from "./entry.ts";
import { isolatePages } from "./isolate-pages.ts";

export type HotOptions = {
  /** What the pipeline adds to every answer. A test holds the two to the same set. */
  headers: Readonly<Record<string, string>>;
};

/**
 * Answers a page that this isolate has in memory, without a router, a validator or any await; undefined
 * for everything else, which then takes the ordinary way. It may do so because a URL gets into the memo
 * only after the ordinary way has answered it, and because pages depend on nothing but their URL.
 */
export function hotPage(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  { headers }: HotOptions,
): Response | undefined {
  if (request.method !== "GET") return undefined;
  const pages = isolatePages(env);
  const key = pages.urls.keyOf(request.url);
  if (key === undefined) return undefined;

  const nowMs = Date.now();
  const { reader, memory } = pages;
  if (reader.isDue(nowMs)) {
    const waitUntil = (work: Promise<unknown>) => ctx.waitUntil(work);
    keepFresh(env, reader, nowMs, { waitUntil, cache: platformCache(ctx) });
  }
  if (reader.state(nowMs) !== "fresh") return undefined;
  const { view } = reader;
  if (view.hasBlocks && view.isBlocked(visitorOf(request.headers), nowMs)) return undefined;
  const slot = memory.get(key, view, nowMs);
  // What the pipeline does for other sites' scripts, it does itself.
  if (!slot || (sharesWithOrigins(env) && request.headers.has("Origin"))) return undefined;
  // A token that does not hold is refused on every path, and only the pipeline can tell.
  if (request.headers.has("Authorization")) return undefined;
  pages.served["hit-memory"] += 1;
  slot.hotHeaders ??= new Headers({ ...headersOf(slot.entry), ...headers, ...HOT_HEADERS });
  return answer(slot.entry, slot.hotHeaders, request.headers);
}

const HOT_HEADERS = { "X-Cache": "hit-memory", "X-Round-Trips": "0" };

const sharesWithOrigins = (env: Env) => configOf(env).CORS_ORIGINS.length > 0;

function answer({ body, etag }: PageEntry, prepared: Headers, asked: Headers): Response {
  // Set before they are copied into the answer: setting them there would cost an object more.
  prepared.set("X-Request-Id", newRequestId(asked.get("X-Request-Id")));
  const ifNoneMatch = asked.get("If-None-Match");
  if (ifNoneMatch === null || !matchesEtag(ifNoneMatch, etag)) {
    return new Response(body, { headers: prepared });
  }
  const headers = new Headers(prepared);
  headers.delete("Content-Type");
  return new Response(null, { status: 304, headers });
}
