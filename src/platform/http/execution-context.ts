import type { Context } from "hono";
import type { ApiEnv } from "./context.ts";

/** Undefined outside a Worker, where a test may have given none. */
export function executionContextOf(c: Context<ApiEnv>): Context["executionCtx"] | undefined {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}
