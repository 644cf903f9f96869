import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { OrderId } from "../shared/ids.ts";
import { OrderView } from "./model.ts";
import { orderAccess } from "./order-access.ts";
import { orderView } from "./order-view.ts";
import { openedEvents } from "./read-opened.ts";
import { foldOrder } from "./state.ts";

/** Version 1 read orders only; what it answers is version 2's order. */
export const orderV1Routes = new Hono<ApiEnv>().get(
  "/orders/:orderId",
  describe({
    summary: "An order",
    tag: "Version 1",
    audience: "shopper",
    signedIn: "optional",
    headers: { "Order-Token": "optional" },
    responses: { 200: OrderView },
    problems: ["not-found", "dependency-unavailable"],
  }),
  orderAccess,
  valid("param", z.object({ orderId: OrderId })),
  async (c) => {
    const order = foldOrder(await openedEvents(c, c.req.valid("param").orderId));
    if (!order) throw new Problem("not-found");
    return c.json(orderView(order), 200);
  },
);
