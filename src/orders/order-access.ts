import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "../platform/http/context.ts";
import { Problem } from "../platform/http/problem.ts";
import { OrderId } from "../shared/ids.ts";
import type { Actor } from "./model.ts";
import { opensOrder } from "./order-token.ts";
import type { OrderState } from "./state.ts";

/** By what somebody may have come to an order: its own token, or an account that it may belong to. */
export type OrderAccess = { kind: "token" } | { kind: "account"; userId: string };

/**
 * Who asks for an order. A token is judged here, without the network; whether the order belongs to the
 * account, only its events say, so that is `mayOpen`'s, once they were read. It stands before everything that could
 * tell one order from another: a wrong id, a wrong token and a missing one get the same answer after
 * the same work.
 */
export const orderAccess = createMiddleware<ApiEnv>(async (c, next) => {
  await accessTo(c);
  await next();
});

/** @throws Problem `not-found` for whoever shows nothing that could open the order. */
export async function accessTo(c: Context<ApiEnv>): Promise<OrderAccess> {
  const orderId = OrderId.safeParse(c.req.param("orderId"));
  const offered = c.req.header("Order-Token");
  const { TOKEN_SECRET } = c.var.io.config;
  if (orderId.success && (await opensOrder(TOKEN_SECRET, orderId.data, offered))) {
    return { kind: "token" };
  }
  const userId = c.var.shopper?.userId;
  if (!orderId.success || userId === undefined) throw new Problem("not-found");
  return { kind: "account", userId };
}

export const mayOpen = (access: OrderAccess, { ownerId }: Pick<OrderState, "ownerId">): boolean =>
  access.kind === "token" || access.userId === ownerId;

/** Whose `Idempotency-Key` it is: of all who hold the token, or of one account. */
export const callerOf = (access: OrderAccess): string =>
  access.kind === "token" ? "token" : `user:${access.userId}`;

/** Who did it. No id of the account: an order's events outlive it. */
export const actorOf = (access: OrderAccess): Actor => ({
  kind: "shopper",
  id: access.kind === "token" ? "guest" : "user",
});
