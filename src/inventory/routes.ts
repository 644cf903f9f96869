import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { valid } from "../platform/http/valid.ts";
import { timestamp } from "../shared/clock.ts";
import { Sku } from "../shared/ids.ts";
import { readAvailability } from "./availability.ts";
import { Availability } from "./model.ts";

const SKUS_MAX = 50;
const AvailabilityQuery = z.object({
  sku: z
    .union([Sku.transform((sku) => [sku]), z.array(Sku).min(1).max(SKUS_MAX)])
    .describe("One to fifty SKUs; repeat the parameter"),
});
const AvailabilityList = z
  .object({ items: z.array(Availability), asOf: z.iso.datetime() })
  .meta({ id: "AvailabilityList" });

export const inventoryRoutes = new Hono<ApiEnv>().get(
  "/availability",
  describe({
    summary: "What can be had of some SKUs right now",
    tag: "Catalogue",
    audience: "public",
    responses: { 200: AvailabilityList },
    problems: ["request-invalid", "dependency-unavailable"],
  }),
  valid("query", AvailabilityQuery),
  async (c) => {
    const { sku } = c.req.valid("query");
    const found = await readAvailability(c.var.io, c.env, sku);
    const items = [...new Set(sku)].map((each) => found.get(each)!);
    return c.json({ items, asOf: timestamp(c.var.io.clock.nowMs()) }, 200);
  },
);
