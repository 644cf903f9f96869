import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { valid } from "../platform/http/valid.ts";
import { checkHealth, Health } from "./health.ts";

const Query = z.object({
  probe: z.enum(["live"]).optional().describe("`live` asks no dependency"),
});

export const healthRoutes = new Hono<ApiEnv>().get(
  "/health",
  describe({
    summary: "Whether the shop and what it depends on are up",
    tag: "Health",
    audience: "public",
    responses: { 200: Health },
    problems: ["request-invalid"],
  }),
  valid("query", Query),
  async (c) => {
    const { VERSION } = c.var.io.config;
    if (c.req.valid("query").probe === "live") {
      return c.json({ status: "ok", version: VERSION, checks: {} } satisfies Health, 200);
    }
    const health = await checkHealth(c.var.io, VERSION);
    return c.json(health, health.status === "down" ? 503 : 200);
  },
);
