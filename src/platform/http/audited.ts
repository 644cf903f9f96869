import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { logError } from "../telemetry/log.ts";
import type { ApiEnv } from "./context.ts";
import { asProblem, Problem, problemStatus } from "./problem.ts";

export type Act = {
  /** Past tense with its area: `pages.purged`. */
  action: string;
  target: Record<string, unknown>;
};

/** What became of an act: the answer's status, the problem if it was refused, the id of what was made. */
export type ActOutcome = { status: number; problem?: string; [detail: string]: unknown };

/** Writes an act down before it is done; what it answers writes the outcome into the same row. */
export type RecordAct = (act: Act) => Promise<(outcome: ActOutcome) => Promise<void>>;

const AUDITED = Symbol("audited");

/** Whether a handler of a route's chain is one of these: for the test that looks for routes without. */
export const isAudited = (handler: object): boolean => AUDITED in handler;

/**
 * The last step before a handler that changes something: the row comes before the effect, so that
 * nothing is done without one, and after validation and replays, which change nothing. Whose log it
 * is, and who acts, is the caller's gate to know: it sets `recordAct`.
 */
export const audited = (action: string, { body = "kept" }: { body?: "kept" | "secret" } = {}) =>
  Object.assign(
    createMiddleware<ApiEnv>(async (c, next) => {
      const { recordAct } = c.var;
      if (!recordAct) throw new Problem("unauthorized");
      const sent = body === "kept" ? await sentBody(c) : {};
      if (sent.dryRun === true) return next();
      const settle = await recordAct({
        action,
        target: { ...sent, ...validated(c, "query"), ...c.req.param() },
      });
      await next();
      try {
        await settle(await outcomeOf(c));
      } catch (error) {
        // The effect has happened, or not; either way the caller must hear which. The row says "unknown".
        logError("audit.outcome_lost", error, { action, requestId: c.var.requestId });
      }
    }),
    { [AUDITED]: action },
  );

/** What the route's schema let through. Whatever else was sent may be a secret in the wrong place. */
const validated = (c: Context<ApiEnv>, target: "query" | "json") =>
  c.req.valid(target as never) as Record<string, unknown> | undefined;

const BODY_KEPT_MAX = 16_384; // bytes
const SECRET = /password|secret|token/i;

/** What was validated, without its secrets; of everything else, and of what is long, its size. */
async function sentBody(c: Context<ApiEnv>): Promise<Record<string, unknown>> {
  const body = validated(c, "json");
  if (body === undefined) return sizeOf(c, (await c.req.arrayBuffer()).byteLength);
  const text = JSON.stringify(body, (key, value: unknown) =>
    SECRET.test(key) ? "(secret)" : value,
  );
  return text.length > BODY_KEPT_MAX
    ? sizeOf(c, text.length)
    : (JSON.parse(text) as Record<string, unknown>);
}

const sizeOf = (c: Context, bytes: number): Record<string, unknown> =>
  bytes === 0 ? {} : { contentType: c.req.header("Content-Type") ?? null, bytes };

async function outcomeOf(c: Context<ApiEnv>): Promise<ActOutcome> {
  if (c.error) {
    const problem = asProblem(c.error);
    return { status: problemStatus(problem), problem: problem.slug };
  }
  const { status } = c.res;
  const made = status === 201 ? ((await c.res.clone().json()) as { id?: unknown }) : {};
  const id = typeof made.id === "string" ? { id: made.id } : {};
  return { status, ...id, ...c.var.acted };
}
