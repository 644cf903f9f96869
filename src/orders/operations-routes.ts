import { Hono } from "hono";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotencyKeyOf, idempotent } from "../platform/http/idempotency.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { sha256Hex } from "../shared/digest.ts";
import { OrderId } from "../shared/ids.ts";
import { cancelOrder } from "./cancel-order.ts";
import { OrderView } from "./model.ts";
import { orderProblem } from "./order-problem.ts";
import { orderView } from "./order-view.ts";
import { StaffOrderEventView, staffEvent } from "./public-event.ts";
import { publishOrLeave } from "./publish-events.ts";
import { foldOrder } from "./state.ts";
import { readEvents } from "./store.ts";

const Path = z.object({ orderId: OrderId });
const CancelRequest = z.object({ reason: z.string().trim().min(1).max(200) });
const StaffOrder = OrderView.extend({ events: z.array(StaffOrderEventView) }).meta({
  id: "StaffOrder",
});

export const orderOperationsRoutes = new Hono<ApiEnv>()
  .get(
    "/orders/:orderId",
    describe({
      summary: "An order with everything that happened to it",
      tag: "Operations",
      audience: "staff",
      scope: "orders:read",
      responses: { 200: StaffOrder },
      problems: ["not-found", "request-invalid", "unauthorized", "dependency-unavailable"],
    }),
    valid("param", Path),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const events = await readEvents(c.var.io.sql, orderId);
      const state = foldOrder(events);
      if (!state) throw new Problem("not-found");
      return c.json({ ...orderView(state), events: events.map(staffEvent) }, 200);
    },
  )
  .post(
    "/orders/:orderId/cancel",
    describe({
      summary: "Cancel an order on the shop's behalf",
      tag: "Operations",
      audience: "staff",
      scope: "orders:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: OrderView },
      problems: [
        "not-found",
        "order-conflict",
        "request-invalid",
        "unauthorized",
        "idempotency-key-reused",
        "dependency-unavailable",
      ],
    }),
    idempotent((c) => `staff:${c.var.staff}`),
    valid("param", Path),
    valid("json", CancelRequest),
    audited("order.cancelled"),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const { io, requestId, staff = "unknown" } = c.var;
      const { reason } = c.req.valid("json");
      // Without a key each request is its own: a second one is told that the order is cancelled.
      const request = await sha256Hex(
        `${c.req.path}\n${staff}\n${idempotencyKeyOf(c) ?? requestId}`,
      );
      const actor = { kind: "staff", id: staff } as const;
      const cancelled = await cancelOrder(io, { orderId, actor, reason, request });
      if (!cancelled.ok) throw orderProblem(cancelled.error);
      c.executionCtx.waitUntil(publishOrLeave(io, c.env, orderId));
      return c.json(orderView(cancelled.value), 200);
    },
  );
