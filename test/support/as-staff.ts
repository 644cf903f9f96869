import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "../../src/platform/http/context.ts";

/** Stands where the gate asks for a staff key: lets everybody do everything, and keeps no log. */
export const asStaff = createMiddleware<ApiEnv>(async (c, next) => {
  c.set("staff", "key_test");
  c.set("grants", ["*"]);
  c.set("recordAct", async () => async () => {});
  await next();
});
