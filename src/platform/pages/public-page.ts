import type { Context, TypedResponse } from "hono";
import type { JSONParsed } from "hono/utils/types";
import type { Config } from "../config/config.ts";
import { openEdge, platformCache } from "../edge/index.ts";
import type { ApiEnv } from "../http/context.ts";
import { executionContextOf } from "../http/execution-context.ts";
import { Problem } from "../http/problem.ts";
import { answerPage } from "./answer.ts";
import { openGlobalLayer } from "./global-layer.ts";
import { type IsolatePages, isolatePages } from "./isolate-pages.ts";
import { type KeyParams, pageKey } from "./page-key.ts";
import { probeOf } from "./page-probe.ts";
import { openPopLayer } from "./pop-layer.ts";
import type { PageSource, Rendered } from "./render-page.ts";
import { type ServeDeps, servePage } from "./serve-page.ts";

export type PublicPage<T> = {
  /** Names the route in the key: the same for every page of it, and no other route's. */
  name: string;
  /**
   * What was validated of the path and the query, and nothing else: what the page depends on. Values
   * that mean the same must be written the same here. `currency` and `locale` default to the shop's.
   */
  params: KeyParams & { currency?: string | undefined; locale?: string | undefined };
  /**
   * Tags that the page is sure to have, as far as its parameters tell. When one was purged lately the
   * render starts with the primary, which saves asking a replica that may not have heard of it.
   */
  sureTags?(): Promise<readonly string[]>;
  /** Makes the page; undefined becomes the problem `not-found`. */
  render(source: PageSource): Promise<Rendered<T> | undefined>;
};

/** A cache that has not answered by then is slower than the database. */
const LAYER_TIMEOUT_MS = 500;

/** What `c.json(body, 200)` is to the RPC client. */
export type JsonAnswer<T> = Response & TypedResponse<JSONParsed<T>, 200, "json">;

/**
 * Answers a public page from the nearest layer that may serve it, or renders it. Only for routes whose
 * answer depends on the validated path and query and on nothing else: no cookie, no header.
 */
export async function publicPage<T>(
  c: Context<ApiEnv>,
  { name, params, ...making }: PublicPage<T>,
): Promise<JsonAnswer<T>> {
  const { config } = c.var.io;
  const { currency = config.STORE_CURRENCY, locale = config.STORE_LOCALE, ...others } = params;
  const key = pageKey(name, others, { currency, locale });
  const probe = probeOf(c);
  if (probe) {
    probe.key = key;
    return new Response(null, { status: 204 }) as JsonAnswer<T>;
  }

  const pages = isolatePages(c.env);
  const served = await servePage(openDeps(c, pages), pages, key, making);
  if (!served) throw new Problem("not-found");
  // From here on the URL's meaning is known: it was routed, validated, and has a page.
  pages.urls.remember(c.req.url, key);
  return answerPage(served, c.req.header("If-None-Match") ?? null) as JsonAnswer<T>;
}

function openDeps(c: Context<ApiEnv>, pages: IsolatePages): ServeDeps {
  const { meter, io } = c.var;
  const context = executionContextOf(c);
  const waitUntil = (work: Promise<unknown>) => {
    if (context) context.waitUntil(work);
    else work.catch(() => {});
  };
  const cache = context && platformCache(context as ExecutionContext);
  const version = versionOf(io.config);
  const origin = io.config.PUBLIC_URL;
  return {
    edge: openEdge(c.env, meter, { waitUntil, cache }, pages.reader),
    memory: pages.memory,
    pop: openPopLayer({ cache: caches.default, origin, version, meter }),
    global: openGlobalLayer({ namespace: c.env.PAGES, version, pace: pages.pace, meter }),
    layerTimeoutMs: LAYER_TIMEOUT_MS,
    clock: io.clock,
    meter,
    waitUntil,
  };
}

const versionOf = ({ VERSION }: Config) => encodeURIComponent(VERSION).slice(0, 64);
