import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "../platform/http/context.ts";
import { Problem } from "../platform/http/problem.ts";
import { OrderId } from "../shared/ids.ts";
import { opensOrder } from "./order-token.ts";

/**
 * Lets a guest in who holds the order's token. It stands before everything that could tell one order
 * from another: a wrong id, a wrong token and a missing one get the same answer after the same work.
 */
export const guestAccess = createMiddleware<ApiEnv>(async (c, next) => {
  const orderId = OrderId.safeParse(c.req.param("orderId"));
  const offered = c.req.header("Order-Token");
  const { TOKEN_SECRET } = c.var.io.config;
  if (!orderId.success || !(await opensOrder(TOKEN_SECRET, orderId.data, offered))) {
    throw new Problem("not-found");
  }
  await next();
});
