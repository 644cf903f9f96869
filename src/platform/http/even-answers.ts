import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "./context.ts";

/**
 * Answers refusals, and what says nothing either way, no sooner than `AUTH_ANSWER_FLOOR_MS` after the
 * request came: so that nobody learns from the time whether an address is known, be it that its object
 * was awake or its row in memory. The steps are told without their durations, for the same reason.
 */
export const evenAnswers = createMiddleware<ApiEnv>(async (c, next) => {
  const { io, meter } = c.var;
  const dueAtMs = io.clock.nowMs() + io.config.AUTH_ANSWER_FLOOR_MS;
  meter.keepDurationsSecret();
  await next();
  // Who has proven themselves knows that they are known.
  if (c.res.status === 200) return;
  const leftMs = dueAtMs - io.clock.nowMs();
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
});
