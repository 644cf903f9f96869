import { Hono } from "hono";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotencyKeyOf, idempotent } from "../platform/http/idempotency.ts";
import { invalid, Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { derivedWebhookSecret } from "../platform/webhooks/sign.ts";
import { targetFault } from "../platform/webhooks/target.ts";
import { timestamp } from "../shared/clock.ts";
import { derivedSuffix } from "../shared/ids.ts";
import { ENDPOINTS_MAX } from "./fan-out-webhooks.ts";
import { WebhookEvent } from "./webhook-events.ts";
import { addEndpoint, type Endpoint, listEndpoints, removeEndpoint } from "./webhook-store.ts";

const EndpointId = z.string().regex(/^whk_[0-9a-z]{1,36}$/);
const Path = z.object({ endpointId: EndpointId });
const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: EndpointId.optional().describe("`nextCursor` of the page before"),
});
const NewEndpoint = z.object({
  url: z.string().min(1).max(500),
  events: z.array(WebhookEvent).min(1).max(WebhookEvent.options.length),
});

const WebhookEndpoint = z
  .object({
    id: EndpointId,
    url: z.string(),
    events: z.array(z.string()),
    createdAt: z.iso.datetime(),
    disabledReason: z.string().nullable().describe("Set when it is told no more"),
  })
  .meta({ id: "WebhookEndpoint" });
const AddedEndpoint = WebhookEndpoint.extend({
  secret: z.string().describe("Signs what is sent there (Standard Webhooks); shown only here"),
}).meta({ id: "AddedWebhookEndpoint" });
const EndpointList = z
  .object({ items: z.array(WebhookEndpoint), nextCursor: z.string().nullable() })
  .meta({ id: "WebhookEndpointList" });

const view = ({ id, url, events, createdAtMs, disabledReason }: Endpoint) => ({
  id,
  url,
  events,
  createdAt: timestamp(createdAtMs),
  disabledReason,
});

const problems = [
  "request-invalid",
  "unauthorized",
  "forbidden",
  "dependency-unavailable",
] as const;
const writeProblems = [...problems, "idempotency-key-reused", "request-in-progress"] as const;

export const webhookRoutes = new Hono<ApiEnv>()
  .get(
    "/webhooks",
    describe({
      summary: "Where merchants are told of orders",
      tag: "Operations",
      audience: "staff",
      scope: "webhooks:read",
      responses: { 200: EndpointList },
      problems,
    }),
    valid("query", Page),
    async (c) => {
      const { limit, cursor: after } = c.req.valid("query");
      const rows = await listEndpoints(c.var.io.sql, { after, limit: limit + 1 });
      const items = rows.slice(0, limit).map(view);
      const nextCursor = rows.length > limit ? (items.at(-1)?.id ?? null) : null;
      return c.json({ items, nextCursor }, 200);
    },
  )
  .post(
    "/webhooks",
    describe({
      summary: "Tell a merchant's endpoint of orders from now on",
      tag: "Operations",
      audience: "staff",
      scope: "webhooks:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 201: AddedEndpoint },
      problems: writeProblems,
    }),
    idempotent((c) => `staff:${c.var.staff}`),
    valid("json", NewEndpoint),
    audited("webhook.added"),
    async (c) => {
      const { url, events } = c.req.valid("json");
      const { io, requestId, staff = "unknown" } = c.var;
      const fault = targetFault(url, io.config.WEBHOOK_ALLOWED_ORIGINS);
      if (fault) {
        const message = "must be a public https address";
        throw invalid({ pointer: "/url", code: fault, message });
      }
      const known = await listEndpoints(io.sql, { after: undefined, limit: ENDPOINTS_MAX });
      if (known.length >= ENDPOINTS_MAX) {
        const message = `a shop has ${ENDPOINTS_MAX} endpoints at most; remove one first`;
        throw invalid({ pointer: "/url", code: "limit_reached", message });
      }
      // The same request makes the same endpoint, also when its first answer was never stored.
      const request = `${staff}\n${idempotencyKeyOf(c) ?? requestId}`;
      const id = `whk_${await derivedSuffix("webhook-endpoint", request)}`;
      const createdAtMs = io.clock.nowMs();
      const endpoint = { id, url, events: [...new Set(events)], createdAtMs };
      await addEndpoint(io.sql, endpoint);
      const secret = await derivedWebhookSecret(io.config.TOKEN_SECRET, id);
      const added = view({ ...endpoint, disabledAtMs: null, disabledReason: null });
      return c.json({ ...added, secret }, 201);
    },
  )
  .delete(
    "/webhooks/:endpointId",
    describe({
      summary: "Tell an endpoint no more",
      tag: "Operations",
      audience: "staff",
      scope: "webhooks:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: z.object({ removed: z.literal(true) }) },
      problems: [...writeProblems, "not-found"],
    }),
    idempotent((c) => `staff:${c.var.staff}`),
    valid("param", Path),
    audited("webhook.removed"),
    async (c) => {
      const { endpointId } = c.req.valid("param");
      if (!(await removeEndpoint(c.var.io.sql, endpointId))) throw new Problem("not-found");
      return c.json({ removed: true as const }, 200);
    },
  );
