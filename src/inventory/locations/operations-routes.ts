import { Hono } from "hono";
import { z } from "zod";
import { audited } from "../../platform/http/audited.ts";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { idempotent } from "../../platform/http/idempotency.ts";
import { invalid } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { LOCATIONS_MAX, Location } from "../model.ts";
import { LocationSettings, StockLocation } from "./model.ts";
import { listLocations, putLocation } from "./store.ts";

const Path = z.object({ code: Location });
const LocationList = z.object({ items: z.array(StockLocation) });

const PROBLEMS = [
  "request-invalid",
  "unauthorized",
  "forbidden",
  "dependency-unavailable",
] as const;

/** Where stock lies, and what each place serves. Quotes see a change at once. */
export const locationRoutes = new Hono<ApiEnv>()
  .get(
    "/locations",
    describe({
      summary: "Every stock location, with what it serves and what that costs",
      tag: "Operations",
      audience: "staff",
      scope: "inventory:read",
      responses: { 200: LocationList },
      problems: PROBLEMS,
    }),
    async (c) => c.json({ items: await listLocations(c.var.io.sql) }, 200),
  )
  .put(
    "/locations/:code",
    describe({
      summary: "Describe a stock location, or retire it with `active: false`",
      tag: "Operations",
      audience: "staff",
      scope: "inventory:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: StockLocation },
      problems: [...PROBLEMS, "request-malformed", "idempotency-key-reused", "request-in-progress"],
    }),
    idempotent((c) => `staff:${c.var.staff}`),
    valid("param", Path),
    valid("json", LocationSettings),
    audited("location.changed"),
    async (c) => {
      const { code } = c.req.valid("param");
      const settings = c.req.valid("json");
      const { sql, clock } = c.var.io;
      const known = await listLocations(sql);
      const before = known.find((location) => location.code === code) ?? null;
      c.set("acted", { before });
      if (before === null && known.length >= LOCATIONS_MAX) {
        const message = `a shop has at most ${LOCATIONS_MAX} locations`;
        throw invalid({ pointer: "/path/code", code: "location_limit", message });
      }
      return c.json(await putLocation(sql, code, settings, clock.nowMs()), 200);
    },
  );
