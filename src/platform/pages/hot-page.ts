import { keepFresh, platformCache } from "../edge/index.ts";
import { newRequestId } from "../http/request-id.ts";
import { matchesEtag } from "./answer.ts";
import { type IsolatePages, isolatePages } from "./isolate-pages.ts";
import type { Slot } from "./memory-layer.ts";

export type HotOptions = {
  /** What the pipeline adds to every answer. A test holds the two to the same set. */
  headers: readonly (readonly [name: string, value: string])[];
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
  const slot = memory.get(key, reader.view, nowMs);
  return slot && !isUnusual(request.headers) ? answer(pages, slot, request, headers) : undefined;
}

/** Asked from another site, or with a body: the pipeline knows what to do. */
const isUnusual = (headers: Headers) => headers.has("Origin") || headers.has("Content-Type");

function answer(
  pages: IsolatePages,
  { entry, headers: own }: Slot,
  request: Request,
  common: HotOptions["headers"],
): Response {
  pages.served["hit-memory"] += 1;
  const ifNoneMatch = request.headers.get("If-None-Match");
  const isKnown = ifNoneMatch !== null && matchesEtag(ifNoneMatch, entry.etag);
  const headers: [string, string][] = [];
  for (const [name, value] of own) {
    if (!isKnown || name !== "Content-Type") headers.push([name, value]);
  }
  for (const [name, value] of common) headers.push([name, value]);
  headers.push(["X-Cache", "hit-memory"]);
  headers.push(["X-Round-Trips", "0"]);
  headers.push(["X-Request-Id", newRequestId(request.headers.get("X-Request-Id"))]);
  return new Response(isKnown ? null : entry.body, { status: isKnown ? 304 : 200, headers });
}
