import type { Context } from "hono";
import type { ApiEnv } from "../http/context.ts";
import { executionContextOf } from "../http/execution-context.ts";

/**
 * Asks a route which page it would answer. It travels as the execution context: only code can make
 * one, no request can.
 */
export class PageProbe {
  key: string | undefined;
  readonly props = {};
  waitUntil(): void {}
  passThroughOnException(): void {}
}

/** The probe that this request is, if it is one. */
export function probeOf(c: Context<ApiEnv>): PageProbe | undefined {
  const context: unknown = executionContextOf(c);
  return context instanceof PageProbe ? context : undefined;
}

type App = {
  fetch(request: Request, env: Env, context: PageProbe): Response | Promise<Response>;
};

/**
 * The key of the public page that a path, with its query, stands for; undefined when it is none. The
 * route validates as it would for a shopper, and answers before it reads anything.
 */
export async function pageKeyOf(
  app: App,
  env: Env,
  origin: string,
  path: string,
): Promise<string | undefined> {
  if (!path.startsWith("/") || !URL.canParse(path, origin)) return undefined;
  const url = new URL(path, origin);
  if (url.origin !== new URL(origin).origin) return undefined;
  const probe = new PageProbe();
  const response = await app.fetch(new Request(url), env, probe);
  await response.body?.cancel();
  return probe.key;
}
