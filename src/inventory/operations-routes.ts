import { Hono } from "hono";
import { z } from "zod";
import { findVariants } from "../catalog/index.ts";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotencyKeyOf, idempotent } from "../platform/http/idempotency.ts";
import { invalid, Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { randomSuffix, Sku } from "../shared/ids.ts";
import { Location, type MoveError, type PolicyError, STOCK_MAX, StockView } from "./model.ts";
import { SHARDS_MAX } from "./shards/layout.ts";
import { skuStock } from "./stub.ts";

const Path = z.object({ sku: Sku });
const MovementRequest = z.object({
  delta: z
    .int()
    .min(-STOCK_MAX)
    .max(STOCK_MAX)
    .refine((delta) => delta !== 0, "must not be zero"),
  reason: z.string().trim().min(1).max(200),
  location: Location.optional(),
});

const DAY_MS = 24 * 60 * 60 * 1000;
/** No longer than an ended hold is kept. */
const WINDOW_DAYS_MAX = 30;
const PolicyRequest = z
  .object({
    shards: z
      .int()
      .min(1)
      .max(SHARDS_MAX)
      .nullable()
      .optional()
      .describe(
        "Over how many objects the stock is spread; 1: never more; null: as the load needs",
      ),
    maxPerShopper: z
      .int()
      .min(1)
      .max(STOCK_MAX)
      .nullable()
      .optional()
      .describe("How many units one shopper may hold and buy; null: no limit"),
    shopperWindowDays: z
      .int()
      .min(1)
      .max(WINDOW_DAYS_MAX)
      .default(WINDOW_DAYS_MAX)
      .describe("How long a purchase counts"),
  })
  .refine(({ shards, maxPerShopper }) => shards !== undefined || maxPerShopper !== undefined, {
    message: "name what to change",
  });

export const inventoryOperationsRoutes = new Hono<ApiEnv>()
  .get(
    "/inventory/:sku",
    describe({
      summary: "A SKU's stock by location, with its newest movements",
      tag: "Operations",
      audience: "staff",
      scope: "inventory:read",
      responses: { 200: StockView },
      problems: ["sku-unknown", "request-invalid", "unauthorized", "dependency-unavailable"],
    }),
    valid("param", Path),
    async (c) => {
      const { sku } = c.req.valid("param");
      const { io, meter } = c.var;
      const [variants, view] = await Promise.all([
        findVariants(io.sql, [sku], io.clock.nowMs()),
        meter.step("object", async () => skuStock(c.env, sku).view()),
      ]);
      if (!variants.has(sku)) throw new Problem("sku-unknown");
      return c.json(view, 200);
    },
  )
  .patch(
    "/inventory/:sku",
    describe({
      summary: "Spread a hot SKU over several objects, or limit it per shopper",
      tag: "Operations",
      audience: "staff",
      scope: "inventory:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: StockView },
      problems: [
        "sku-unknown",
        "request-malformed",
        "request-invalid",
        "unauthorized",
        "idempotency-key-reused",
        "dependency-unavailable",
      ],
    }),
    idempotent((c) => `staff:${c.var.staff}`),
    valid("param", Path),
    valid("json", PolicyRequest),
    audited("stock.policy_changed"),
    async (c) => {
      const { sku } = c.req.valid("param");
      const { shards, maxPerShopper, shopperWindowDays } = c.req.valid("json");
      const { io, meter } = c.var;
      const variants = await findVariants(io.sql, [sku], io.clock.nowMs());
      if (!variants.has(sku)) throw new Problem("sku-unknown");
      const shopperLimit =
        typeof maxPerShopper === "number"
          ? { max: maxPerShopper, windowMs: shopperWindowDays * DAY_MS }
          : maxPerShopper;
      const set = await meter.step("object", async () =>
        skuStock(c.env, sku).setPolicy({ shards, shopperLimit }),
      );
      if (!set.ok) throw policyProblem(set.error);
      return c.json(set.value, 200);
    },
  )
  .post(
    "/inventory/:sku/movements",
    describe({
      summary: "Receive goods, or take them out",
      tag: "Operations",
      audience: "staff",
      scope: "inventory:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: StockView },
      problems: [
        "sku-unknown",
        "insufficient-stock",
        "request-invalid",
        "unauthorized",
        "idempotency-key-reused",
        "dependency-unavailable",
      ],
    }),
    idempotent((c) => `staff:${c.var.staff}`),
    valid("param", Path),
    valid("json", MovementRequest),
    audited("stock.moved"),
    async (c) => {
      const { sku } = c.req.valid("param");
      const { delta, reason, location } = c.req.valid("json");
      const { io, meter, staff } = c.var;
      const variants = await findVariants(io.sql, [sku], io.clock.nowMs());
      if (!variants.has(sku)) throw new Problem("sku-unknown");

      // The key is the movement's own id as well: a repeat whose first answer was never stored,
      // because the Worker died in between, still moves nothing.
      const key = idempotencyKeyOf(c);
      const movement = {
        movementId: key === undefined ? `ops:${randomSuffix()}` : `ops:${staff}:${key}`,
        kind: delta > 0 ? "receive" : "adjust",
        delta,
        reason,
        ...(location === undefined ? {} : { location }),
      } as const;
      const moved = await meter.step("object", async () =>
        skuStock(c.env, sku).move(movement, { publishNow: true }),
      );
      if (!moved.ok) throw moveProblem(moved.error);
      return c.json(moved.value, 200);
    },
  );

function policyProblem(error: PolicyError): Problem {
  switch (error.code) {
    case "backorder_sharded":
      return invalid({
        pointer: "/shards",
        code: error.code,
        message: "what may be backordered is kept by one object",
      });
  }
}

function moveProblem(error: MoveError): Problem {
  switch (error.code) {
    case "stock_negative":
      return new Problem("insufficient-stock", {
        available: Math.max(0, error.onHand - error.held),
      });
    case "stock_limit":
      return invalid({
        pointer: "/delta",
        code: error.code,
        message: `a SKU's stock ends at ${error.max}`,
      });
    case "location_limit":
      return invalid({
        pointer: "/location",
        code: error.code,
        message: `a SKU may lie at ${error.max} locations`,
      });
  }
}
