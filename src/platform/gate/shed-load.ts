import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "../http/context.ts";
import { Problem } from "../http/problem.ts";
import { pressureOf } from "../load/isolate-pressure.ts";
import type { Refusal } from "../load/pressure.ts";

/** Set by the operations Worker while a queue is over its mark; by operators, to pause a kind of route. */
export const QUEUES_FULL_FLAG = "queues-full";
const pauseFlag = (kind: string) => `pause-${kind}`;
const FLAG_RETRY_SECONDS = "30";

/**
 * Before a route that does much: answers 503 at once, with `Retry-After`, while what it needs is known
 * to be over its mark. Cheap routes do not stand behind it and go on.
 */
export const shedLoad = (kind: string) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const { io, edge } = c.var;
    const nowMs = io.clock.nowMs();
    const { view } = edge.reader;
    const flags = [QUEUES_FULL_FLAG, pauseFlag(kind)];
    if (flags.some((flag) => isOn(view.flag(flag, nowMs)))) {
      throw new Problem("overloaded", {}, { "Retry-After": FLAG_RETRY_SECONDS });
    }
    const pressure = pressureOf(io.config);
    const refusal = pressure.enter(nowMs);
    if (refusal) throw refusalProblem(refusal);
    try {
      await next();
    } finally {
      pressure.leave();
    }
  });

const isOn = (value: string | undefined) => value !== undefined && value !== "" && value !== "off";

function refusalProblem(refusal: Refusal): Problem {
  const headers = { "Retry-After": String(Math.ceil(refusal.retryAfterMs / 1_000)) };
  return refusal.why === "dependency"
    ? new Problem("dependency-unavailable", { dependency: refusal.dependency }, headers)
    : new Problem("overloaded", {}, headers);
}
