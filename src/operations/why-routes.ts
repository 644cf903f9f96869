import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { OrderId } from "../shared/ids.ts";
import { ConsistencyPage, checkConsistency } from "./check-consistency.ts";
import { type MessagesOf, OrderTrace, traceOrder } from "./trace-order.ts";

const Path = z.object({ orderId: OrderId });
const AsOf = z.object({
  at: z.iso
    .datetime({ offset: true })
    .transform((at) => Date.parse(at))
    .refine((atMs) => Number.isFinite(atMs), "is not a moment")
    .optional()
    .describe("The order as it was at this moment (RFC 3339)"),
});
const AUDITED_MAX = 50;
const Page = z.object({
  limit: z.coerce.number().int().min(1).max(AUDITED_MAX).default(20),
  cursor: OrderId.optional().describe("`nextCursor` of the page before"),
});

/** For operators who ask why: one order with all that is known of it, and all orders held to the rules. */
export const whyRoutes = (messagesOf: MessagesOf) =>
  new Hono<ApiEnv>()
    .get(
      "/orders/:orderId/trace",
      describe({
        summary: "Everything that is known of an order: steps, events, queues, messages, stock",
        tag: "Operations",
        audience: "staff",
        scope: "orders:read",
        responses: { 200: OrderTrace },
        problems: [
          "not-found",
          "request-invalid",
          "unauthorized",
          "forbidden",
          "dependency-unavailable",
        ],
      }),
      valid("param", Path),
      valid("query", AsOf),
      async (c) => {
        const { orderId } = c.req.valid("param");
        const deps = { env: c.env, messagesOf };
        const { at: atMs } = c.req.valid("query");
        const trace = await traceOrder(c.var.io, deps, { orderId, atMs });
        if (!trace) throw new Problem("not-found");
        return c.json(trace, 200);
      },
    )
    .get(
      "/audit/consistency",
      describe({
        summary: "Hold a page of orders to the invariants; changes nothing, proposes repairs",
        tag: "Operations",
        audience: "staff",
        scope: "audit:read",
        responses: { 200: ConsistencyPage },
        problems: ["request-invalid", "unauthorized", "forbidden", "dependency-unavailable"],
      }),
      valid("query", Page),
      async (c) => {
        const { limit, cursor: after } = c.req.valid("query");
        const deps = { env: c.env, messagesOf };
        return c.json(await checkConsistency(c.var.io, deps, { after, limit }), 200);
      },
    );
