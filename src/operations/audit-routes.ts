import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { invalid } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { AuditPage, listActs } from "./audit.ts";

const LIMIT_MAX = 100;
const Query = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(20),
  cursor: z.string().min(1).max(100).optional().describe("`nextCursor` of the page before"),
});

export const auditRoutes = new Hono<ApiEnv>().get(
  "/audit",
  describe({
    summary: "What operators did, and owners to their accounts, the newest first",
    tag: "Operations",
    audience: "staff",
    scope: "audit:read",
    responses: { 200: AuditPage },
    problems: ["request-invalid", "unauthorized", "forbidden", "dependency-unavailable"],
  }),
  valid("query", Query),
  async (c) => {
    const listed = await listActs(c.var.io, c.req.valid("query"));
    if (listed.ok) return c.json(listed.value, 200);
    throw invalid({
      pointer: "/query/cursor",
      code: "invalid",
      message: "is not a cursor of this list",
    });
  },
);
