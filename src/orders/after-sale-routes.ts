import { type Context, Hono } from "hono";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotencyKeyOf, idempotent } from "../platform/http/idempotency.ts";
import { valid } from "../platform/http/valid.ts";
import { sha256Hex } from "../shared/digest.ts";
import { LineId, OrderId } from "../shared/ids.ts";
import { MINOR_MAX } from "../shared/money.ts";
import { QUANTITY_MAX } from "../shared/quantity.ts";
import { receiveReturn, refuseReturn } from "./close-return.ts";
import { confirmCapture } from "./confirm-capture.ts";
import { type Actor, CaptureProof, OrderView, ReturnId } from "./model.ts";
import { orderProblem } from "./order-problem.ts";
import { orderView } from "./order-view.ts";
import { publishOrLeave } from "./publish-events.ts";
import { requestCapture } from "./request-capture.ts";
import { requestRefund } from "./request-refund.ts";
import { shipOrder } from "./ship-order.ts";

const Path = z.object({ orderId: OrderId });
const ReturnPath = Path.extend({ returnId: ReturnId });

const LINES_MAX = 200;
const Lines = z
  .array(z.object({ lineId: LineId, quantity: z.int().min(1).max(QUANTITY_MAX) }))
  .min(1)
  .max(LINES_MAX);

const ShipmentRequest = z.object({
  shipmentId: z
    .string()
    .max(80)
    .optional()
    .describe("Of the order's `shipments`; needless while only one is left to send"),
  lines: Lines.optional().describe("All that is left of the shipment, unless told"),
  carrier: z.string().trim().min(1).max(80),
  tracking: z.string().trim().min(1).max(120),
  trackingUrl: z
    .url({ protocol: /^https$/ })
    .max(500)
    .optional(),
});
const RefundRequest = z
  .object({
    lines: Lines.optional().describe("At what was paid for them, less what was paid back"),
    amountMinor: z.int().min(1).max(MINOR_MAX).optional().describe("A free amount"),
    includeShipping: z.boolean().default(false).describe("The lines' share of the shipping too"),
    reason: z.string().trim().min(1).max(200),
  })
  .refine(({ lines, amountMinor }) => lines === undefined || amountMinor === undefined, {
    path: ["amountMinor"],
    message: "an amount and lines exclude each other; without either, all that is left goes back",
  });
const Receipt = z.object({
  lines: Lines.optional().describe("What arrived: all that was announced, unless told"),
  restock: z.boolean().default(true).describe("Whether it can be sold again"),
  refund: z.enum(["none", "goods", "goods_and_shipping"]).default("goods"),
});
const Refusal = z.object({ reason: z.string().trim().min(1).max(200) });

const described = (summary: string) =>
  describe({
    summary,
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
      "forbidden",
      "idempotency-key-reused",
      "request-in-progress",
      "dependency-unavailable",
    ],
  });

const ofStaff = idempotent((c) => `staff:${c.var.staff}`);

const actorOf = ({ var: { staff = "unknown" } }: Context<ApiEnv>): Actor => ({
  kind: "staff",
  id: staff,
});

/** Without a key each request is its own. */
const requestOf = (c: Context<ApiEnv>): Promise<string> =>
  sha256Hex(`${c.req.path}\n${c.var.staff}\n${idempotencyKeyOf(c) ?? c.var.requestId}`);

/** After the answer: what was appended stands, and the sweep repeats what fails here. */
function publishLater(c: Context<ApiEnv>, orderId: OrderId): void {
  c.executionCtx.waitUntil(publishOrLeave(c.var.io, c.env, orderId));
}

/** What staff do with an order after its sale. Each appends events; consumers have the effects. */
export const afterSaleRoutes = new Hono<ApiEnv>()
  .post(
    "/orders/:orderId/shipments",
    described("Record that goods of an order left, all or some"),
    ofStaff,
    valid("param", Path),
    valid("json", ShipmentRequest),
    audited("order.shipped"),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const { shipmentId: of, lines, carrier, tracking, trackingUrl } = c.req.valid("json");
      const parcel = { carrier, tracking, ...(trackingUrl === undefined ? {} : { trackingUrl }) };
      const request = await requestOf(c);
      const order = { orderId, actor: actorOf(c), of, lines, parcel, request };
      const shipped = await shipOrder(c.var.io, order);
      if (!shipped.ok) throw orderProblem(shipped.error);
      publishLater(c, orderId);
      return c.json(orderView(shipped.value), 200);
    },
  )
  .post(
    "/orders/:orderId/capture",
    described("Collect the money again after the processor refused"),
    ofStaff,
    valid("param", Path),
    audited("capture.requested"),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const asked = { orderId, actor: actorOf(c), request: await requestOf(c) };
      const requested = await requestCapture(c.var.io, asked);
      if (!requested.ok) throw orderProblem(requested.error);
      publishLater(c, orderId);
      return c.json(orderView(requested.value), 200);
    },
  )
  .post(
    "/orders/:orderId/capture/confirm",
    described("Record a capture that the processor accepted and never told of, with proof"),
    ofStaff,
    valid("param", Path),
    valid("json", CaptureProof),
    audited("capture.confirmed"),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const confirmed = { orderId, actor: actorOf(c), proof: c.req.valid("json") };
      const recorded = await confirmCapture(c.var.io, confirmed);
      if (!recorded.ok) throw orderProblem(recorded.error);
      publishLater(c, orderId);
      return c.json(orderView(recorded.value), 200);
    },
  )
  .post(
    "/orders/:orderId/refunds",
    described("Pay back lines, an amount, or all that is left of an order"),
    ofStaff,
    valid("param", Path),
    valid("json", RefundRequest),
    audited("refund.requested"),
    async (c) => {
      const { orderId } = c.req.valid("param");
      const { lines, amountMinor, includeShipping: shipping, reason } = c.req.valid("json");
      const wish = { lines, amountMinor, shipping };
      const request = await requestOf(c);
      const asked = { orderId, actor: actorOf(c), wish, reason, request };
      const requested = await requestRefund(c.var.io, asked);
      if (!requested.ok) throw orderProblem(requested.error);
      publishLater(c, orderId);
      return c.json(orderView(requested.value), 200);
    },
  )
  .post(
    "/orders/:orderId/returns/:returnId/receive",
    described("Take in goods that came back: to stock, and with their money"),
    ofStaff,
    valid("param", ReturnPath),
    valid("json", Receipt),
    audited("return.received"),
    async (c) => {
      const { orderId, returnId } = c.req.valid("param");
      const receipt = { orderId, returnId, actor: actorOf(c), ...c.req.valid("json") };
      const received = await receiveReturn(c.var.io, receipt);
      if (!received.ok) throw orderProblem(received.error);
      publishLater(c, orderId);
      return c.json(orderView(received.value), 200);
    },
  )
  .post(
    "/orders/:orderId/returns/:returnId/refuse",
    described("Turn a return down"),
    ofStaff,
    valid("param", ReturnPath),
    valid("json", Refusal),
    audited("return.refused"),
    async (c) => {
      const { orderId, returnId } = c.req.valid("param");
      const { reason } = c.req.valid("json");
      const refused = await refuseReturn(c.var.io, {
        orderId,
        returnId,
        actor: actorOf(c),
        reason,
      });
      if (!refused.ok) throw orderProblem(refused.error);
      publishLater(c, orderId);
      return c.json(orderView(refused.value), 200);
    },
  );
