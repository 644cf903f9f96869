import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { openEdge, platformCache, visitorOf } from "../edge/index.ts";
import type { ApiEnv } from "../http/context.ts";
import { executionContextOf } from "../http/execution-context.ts";
import { Problem } from "../http/problem.ts";
import { withholder } from "../http/withhold.ts";

/** Gives the request its view of what every isolate knows. Asks nobody. */
export const viewEdge = createMiddleware<ApiEnv>(async (c, next) => {
  const context = executionContextOf(c);
  const waitUntil = (work: Promise<unknown>) => {
    if (context) context.waitUntil(work);
    else work.catch(() => {});
  };
  const cache = context && platformCache(context as ExecutionContext);
  c.set("edge", openEdge(c.env, c.var.meter, { waitUntil, cache }));
  c.set("visitor", visitorOf(c.req.raw.headers));
  await next();
});

/**
 * Refuses blocked addresses and agents before anything of theirs is read. What is known here may be
 * older than a second only in an isolate that had nothing to do. Then a change waits for news; a
 * reader's come beside its answer, which is dropped if they are bad: so reading costs no step more.
 * A visitor who says neither address nor agent comes from inside and cannot be blocked.
 *
 * Operators are let through: they show a key anyway, and have to be able to undo a block of themselves.
 */
export const refuseBlocked = createMiddleware<ApiEnv>(async (c, next) => {
  const { edge, visitor } = c.var;
  if (c.req.path.startsWith("/ops/")) return next();
  if (visitor.address === undefined && visitor.agent === undefined) return next();
  edge.keepFresh(c.var.io.clock.nowMs());
  const mayWait = asksForNews(c.req.path);
  // Who is blocked by what was known may have been let in since.
  if (!mayWait || isBlocked(c) || !isSafe(c.req.method)) {
    if (mayWait) await edge.refresh();
    refuse(c);
    return next();
  }
  const news = edge.learn();
  const withhold = withholder(c);
  await next();
  await news;
  if (!isBlocked(c)) return;
  withhold();
  refuse(c);
});

/** Probes ask whether this Worker lives, not whether its feed does. */
const asksForNews = (path: string) => path.startsWith("/api/") && !path.endsWith("/health");
const isSafe = (method: string) => method === "GET" || method === "HEAD" || method === "OPTIONS";

const isBlocked = ({ var: { edge, visitor, io } }: Context<ApiEnv>) =>
  edge.reader.view.isBlocked(visitor, io.clock.nowMs());

function refuse(c: Context<ApiEnv>): void {
  if (isBlocked(c)) throw new Problem("forbidden", { detail: "this address or agent is blocked" });
}
