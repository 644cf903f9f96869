import { type Context, Hono } from "hono";
import { z } from "zod";
import { requireShopper } from "../identity/index.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotent, requireIdempotencyKey } from "../platform/http/idempotency.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { sha256Hex } from "../shared/digest.ts";
import { LineId, OrderId } from "../shared/ids.ts";
import { QUANTITY_MAX } from "../shared/quantity.ts";
import { cancelOrder } from "./cancel-order.ts";
import { cursorAfter, EventPage } from "./event-page.ts";
import { listOrders } from "./list-orders.ts";
import { OrderView } from "./model.ts";
import { accessTo, actorOf, callerOf, mayOpen, orderAccess } from "./order-access.ts";
import { cursorAtOrder, OrderPage } from "./order-page.ts";
import { orderProblem } from "./order-problem.ts";
import { orderView } from "./order-view.ts";
import { OrderEventView, publicEvent } from "./public-event.ts";
import { publishOrLeave } from "./publish-events.ts";
import { openedEvents } from "./read-opened.ts";
import { requestReturn } from "./request-return.ts";
import { foldOrder } from "./state.ts";

const Path = z.object({ orderId: OrderId });
const AsOf = z.object({
  at: z.iso
    .datetime({ offset: true })
    .transform((at) => Date.parse(at))
    .refine((atMs) => Number.isFinite(atMs), "is not a moment")
    .optional()
    .describe("The order as it was at this moment (RFC 3339)"),
});

const LINES_MAX = 200;
const CancelRequest = z.object({ reason: z.string().trim().max(200).default("") });
const ReturnRequest = z.object({
  lines: z
    .array(z.object({ lineId: LineId, quantity: z.int().min(1).max(QUANTITY_MAX) }))
    .min(1)
    .max(LINES_MAX),
  reason: z.string().trim().max(500).default(""),
});

const OrderList = z
  .object({ items: z.array(OrderView), nextCursor: z.string().nullable() })
  .meta({ id: "OrderList" });
const OrderEventList = z
  .object({ items: z.array(OrderEventView), nextCursor: z.string().nullable() })
  .meta({ id: "OrderEventList" });
const RequestedReturn = z
  .object({
    returnId: z.string(),
    status: z.literal("requested"),
    lines: z.array(z.object({ lineId: LineId, quantity: z.int() })),
  })
  .meta({ id: "RequestedReturn" });

/**
 * Keys belong to the order and to how it was come to: all who hold its token share theirs, an account
 * has its own. For whether an order is the account's is only known when the order was read.
 */
const ofOrder = idempotent(
  async (c) => `order:${c.req.param("orderId")}:${callerOf(await accessTo(c))}`,
  { required: true },
);

const requestOf = (c: Context<ApiEnv>) => sha256Hex(`${c.req.path}\n${requireIdempotencyKey(c)}`);

const CHANGE_PROBLEMS = [
  "not-found",
  "order-conflict",
  "request-invalid",
  "idempotency-key-required",
  "idempotency-key-reused",
  "request-in-progress",
  "dependency-unavailable",
] as const;

export const orderRoutes = new Hono<ApiEnv>()
  .get(
    "/order",
    describe({
      summary: "The signed-in shopper's orders, newest first",
      tag: "Orders",
      audience: "shopper",
      signedIn: "required",
      responses: { 200: OrderList },
      problems: ["unauthorized", "request-invalid", "dependency-unavailable"],
    }),
    // Only an account has a list; a guest holds one token for each order.
    requireShopper,
    valid("query", OrderPage),
    async (c) => {
      const ownerId = c.var.shopper!.userId;
      const { limit, cursor: after } = c.req.valid("query");
      const { items, next } = await listOrders(c.var.io, { ownerId, limit, after });
      const nextCursor = next ? cursorAtOrder(next) : null;
      return c.json({ items: items.map(orderView), nextCursor }, 200);
    },
  )
  .get(
    "/order/:orderId",
    describe({
      summary: "An order, as it is or as it was at a moment",
      tag: "Orders",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Order-Token": "optional" },
      responses: { 200: OrderView },
      problems: ["not-found", "request-invalid", "dependency-unavailable"],
    }),
    orderAccess,
    valid("param", Path),
    valid("query", AsOf),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const { at: atMs = Number.POSITIVE_INFINITY } = c.req.valid("query");
      const events = await openedEvents(c, orderId);
      const order = foldOrder(events.filter(({ occurredAtMs }) => occurredAtMs <= atMs));
      if (!order) throw new Problem("not-found");
      return c.json(orderView(order), 200);
    },
  )
  .get(
    "/order/:orderId/events",
    describe({
      summary: "What happened to an order, oldest first",
      tag: "Orders",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Order-Token": "optional" },
      responses: { 200: OrderEventList },
      problems: ["not-found", "request-invalid", "dependency-unavailable"],
    }),
    orderAccess,
    valid("param", Path),
    valid("query", EventPage),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const { limit, cursor: afterSequence = 0 } = c.req.valid("query");
      const all = await openedEvents(c, orderId);
      const events = all.filter(({ sequence }) => sequence > afterSequence);
      const items = events.slice(0, limit).map(publicEvent);
      const nextCursor = events.length > limit ? cursorAfter(items.at(-1)!.sequence) : null;
      return c.json({ items, nextCursor }, 200);
    },
  )
  .post(
    "/order/:orderId/cancel",
    describe({
      summary: "Cancel an order that is not on its way yet; money and goods go back by themselves",
      tag: "Orders",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Order-Token": "optional", "Idempotency-Key": "required" },
      responses: { 200: OrderView },
      problems: CHANGE_PROBLEMS,
    }),
    orderAccess,
    ofOrder,
    valid("param", Path),
    valid("json", CancelRequest),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const { reason } = c.req.valid("json");
      const request = await requestOf(c);
      const access = await accessTo(c);
      const cancelled = await cancelOrder(c.var.io, {
        orderId,
        actor: actorOf(access),
        reason,
        request,
        mayChange: (order) => mayOpen(access, order),
      });
      if (!cancelled.ok) throw orderProblem(cancelled.error);
      // After the answer: the cancellation stands, and the sweep repeats what fails here.
      c.executionCtx.waitUntil(publishOrLeave(c.var.io, c.env, orderId));
      return c.json(orderView(cancelled.value), 200);
    },
  )
  .post(
    "/order/:orderId/returns",
    describe({
      summary: "Ask to send goods back",
      tag: "Orders",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Order-Token": "optional", "Idempotency-Key": "required" },
      responses: { 201: RequestedReturn },
      problems: CHANGE_PROBLEMS,
    }),
    orderAccess,
    ofOrder,
    valid("param", Path),
    valid("json", ReturnRequest),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const { lines, reason } = c.req.valid("json");
      const request = await requestOf(c);
      const access = await accessTo(c);
      const requested = await requestReturn(c.var.io, {
        orderId,
        actor: actorOf(access),
        lines,
        reason,
        request,
        mayChange: (order) => mayOpen(access, order),
      });
      if (!requested.ok) throw orderProblem(requested.error);
      c.executionCtx.waitUntil(publishOrLeave(c.var.io, c.env, orderId));
      const { returnId } = requested.value;
      return c.json({ returnId, status: "requested" as const, lines }, 201);
    },
  );
