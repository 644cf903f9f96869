import { Hono } from "hono";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotent } from "../platform/http/idempotency.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { AlertView, listAlerts } from "./alerts.ts";
import { DeadLetterView, listLetters, REDRIVE_MAX, redriveLetters } from "./dead-letters.ts";
import { listQueues, QueueState } from "./queues.ts";
import { boundQueues } from "./stub.ts";

const LIMIT_MAX = 100;
const Path = z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) });

/** `<milliseconds>.<id>`: where a list, newest first, goes on. */
const Cursor = z
  .string()
  .max(240)
  .transform((text, context) => {
    const [, atMs, id] = /^(\d{1,15})\.(.{1,200})$/.exec(text) ?? [];
    if (id !== undefined) return { atMs: Number(atMs), id };
    context.addIssue({ code: "custom", message: "is not a cursor of this list" });
    return z.NEVER;
  });
const Page = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(20),
  cursor: Cursor.optional().describe("`nextCursor` of the page before"),
});
const RedriveRequest = z.object({
  ids: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(REDRIVE_MAX)
    .optional()
    .describe("These letters; the longest waiting, unless told"),
  limit: z.int().min(1).max(REDRIVE_MAX).default(REDRIVE_MAX),
});

const listOf = <S extends z.ZodType>(item: S, id: string) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() }).meta({ id });

const problems = [
  "request-invalid",
  "unauthorized",
  "forbidden",
  "dependency-unavailable",
] as const;

export const queueRoutes = new Hono<ApiEnv>()
  .get(
    "/queues",
    describe({
      summary: "Every queue: what waits in it, and what could not be settled",
      tag: "Operations",
      audience: "staff",
      scope: "queues:read",
      responses: { 200: z.object({ items: z.array(QueueState) }).meta({ id: "QueueList" }) },
      problems,
    }),
    async (c) => c.json({ items: await listQueues(c.var.io, boundQueues(c.env)) }, 200),
  )
  .get(
    "/queues/:name/dead-letters",
    describe({
      summary: "The messages that no consumer could settle, the newest first",
      tag: "Operations",
      audience: "staff",
      scope: "queues:read",
      responses: { 200: listOf(DeadLetterView, "DeadLetterList") },
      problems: [...problems, "not-found"],
    }),
    valid("param", Path),
    valid("query", Page),
    async (c) => {
      const { name: queue } = c.req.valid("param");
      const { limit, cursor } = c.req.valid("query");
      const after = cursor && { lastAtMs: cursor.atMs, id: cursor.id };
      const { items, next } = await listLetters(c.var.io, { queue, limit, after });
      // A queue that is bound no more keeps its letters.
      if (items.length === 0 && !boundQueues(c.env).has(queue)) throw new Problem("not-found");
      return c.json({ items, nextCursor: next ? `${next.lastAtMs}.${next.id}` : null }, 200);
    },
  )
  .post(
    "/queues/:name/redrive",
    describe({
      summary: "Send dead letters to their queue again",
      tag: "Operations",
      audience: "staff",
      scope: "queues:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: z.object({ redriven: z.array(z.string()) }).meta({ id: "Redriven" }) },
      problems: [...problems, "not-found", "idempotency-key-reused", "request-in-progress"],
    }),
    idempotent((c) => `staff:${c.var.staff}`),
    valid("param", Path),
    valid("json", RedriveRequest),
    audited("queue.redriven"),
    async (c) => {
      const { name } = c.req.valid("param");
      const { ids, limit } = c.req.valid("json");
      const binding = boundQueues(c.env).get(name);
      if (!binding) throw new Problem("not-found");
      const sent = await redriveLetters(c.var.io, { queue: { name, binding }, ids, limit });
      c.set("acted", sent);
      return c.json(sent, 200);
    },
  )
  .get(
    "/alerts",
    describe({
      summary: "What a person should look at, the newest first",
      tag: "Operations",
      audience: "staff",
      scope: "queues:read",
      responses: { 200: listOf(AlertView, "AlertList") },
      problems,
    }),
    valid("query", Page),
    async (c) => {
      const { limit, cursor: before } = c.req.valid("query");
      const { items, next } = await listAlerts(c.var.io, { limit, before });
      return c.json({ items, nextCursor: next ? `${next.atMs}.${next.id}` : null }, 200);
    },
  );
