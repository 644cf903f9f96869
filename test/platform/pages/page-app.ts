import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { z } from "zod";
import { purgeRoutes } from "../../../src/operations/index.ts";
import type { ApiEnv } from "../../../src/platform/http/context.ts";
import { identify, noStoreByDefault } from "../../../src/platform/http/pipeline.ts";
import { onError, Problem } from "../../../src/platform/http/problem.ts";
import { valid } from "../../../src/platform/http/valid.ts";
import {
  hotPage,
  pageKeyOf,
  publicPage,
  type Rendered,
} from "../../../src/platform/pages/index.ts";
import { asStaff } from "../../support/as-staff.ts";

const ORIGIN = "https://shop.test";

const Query = z.object({
  color: z.enum(["red", "blue"]).optional(),
  size: z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number)
    .optional(),
  currency: z.enum(["USD", "usd", "EUR"]).optional(),
  locale: z.string().max(10).optional(),
});

type Thing = { id: string; color: string; render: number };

/** A shop with one kind of page and the operators' routes, over a feed of its own. */
export function openPageApp(vars: Partial<Record<string, string>> = {}) {
  const name = `test_${crypto.randomUUID()}`;
  const feed = { getByName: () => env.EDGE_FEED.getByName(name) };
  const bindings = { ...env, ...vars, EDGE_FEED: feed, VERSION: name } as unknown as Env;
  const things = new Map<string, () => Promise<Rendered<Thing> | undefined>>();
  const seen = { renders: 0 };

  const app = new Hono<ApiEnv>();
  app
    .use(identify, noStoreByDefault, cors({ origin: () => null, exposeHeaders: ["ETag"] }))
    .use("/ops/*", asStaff)
    .get(
      "/things/:id",
      valid("param", z.object({ id: z.string().regex(/^[a-z0-9-]{1,40}$/) })),
      valid("query", Query),
      (c) => {
        const { id } = c.req.valid("param");
        const query = c.req.valid("query");
        return publicPage<Thing>(c, {
          name: "thing",
          params: { id, ...query },
          async render() {
            seen.renders += 1;
            const own = things.get(id);
            if (own) return own();
            if (id.startsWith("missing")) return undefined;
            const { color = "any" } = query;
            return { body: { id, color, render: seen.renders }, tags: [`thing:${id}`] };
          },
        });
      },
    )
    .get("/private", (c) => c.json({ secret: c.req.header("Authorization") ?? null }))
    .route(
      "/ops/v1",
      purgeRoutes((c, path) => pageKeyOf(app, c.env, ORIGIN, path)),
    )
    .onError(onError)
    .notFound((c) => onError(new Problem("not-found"), c));

  const headers = {
    "Access-Control-Expose-Headers": "ETag",
    Vary: "Origin",
    "X-Content-Type-Options": "nosniff",
  };

  /** As the Worker answers it: hot pages first, the pipeline behind them. */
  const send = async (path: string, init: RequestInit = {}, { hot = true } = {}) => {
    const request = new Request(`${ORIGIN}${path}`, init);
    const context = createExecutionContext();
    const fast = hot ? hotPage(request, bindings, context, { headers }) : undefined;
    const response = fast ?? (await app.fetch(request, bindings, context));
    const text = await response.clone().text();
    await waitOnExecutionContext(context);
    return { response, text, isHot: fast !== undefined, cache: response.headers.get("X-Cache") };
  };
  /** Asks until the isolate has the page at hand, as a second shopper would. */
  const warm = async (path: string) => {
    await send(path);
    return send(path);
  };
  const purge = async (body: unknown) => {
    const { response } = await send("/ops/v1/purge", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { response, status: response.status, body: await response.json<PurgeAnswer>() };
  };
  return { send, warm, purge, things, seen };
}

type PurgeAnswer = {
  position: number;
  effectiveBy: string | null;
  tags: string[];
  pages: number;
  errors: { pointer: string }[];
};
