import { type Context, Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { Problem } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { storeEvent } from "../event-store.ts";
import { type HearNews, handleEvent } from "../handle-event.ts";
import { ProcessorName } from "../model.ts";
import { readWebhook } from "./read-webhook.ts";

const Path = z.object({ processor: ProcessorName });
const Received = z.object({ received: z.int().min(0).describe("How many events were new") });

/**
 * Where processors tell what happened. An event is stored before it is acknowledged and handled
 * afterwards: what a crash then leaves, the sweep takes up.
 */
export const paymentWebhookRoutes = (hearing: (c: Context<ApiEnv>) => HearNews) =>
  new Hono<ApiEnv>().post(
    "/payments/:processor",
    describe({
      summary: "Tell what became of payments",
      tag: "Webhooks",
      audience: "processor",
      responses: { 200: Received },
      problems: [
        "unauthorized",
        "request-malformed",
        "request-invalid",
        "request-too-large",
        "dependency-unavailable",
      ],
    }),
    valid("param", Path),
    async (c) => {
      const { processor } = c.req.valid("param");
      const { io } = c.var;
      // The bytes as they came: a body that was parsed and written again has another signature.
      const body = new Uint8Array(await c.req.arrayBuffer());
      const header = c.req.header("Stripe-Signature");
      const read = await readWebhook(processor, { header, body }, io.config, io.clock.nowMs());
      if (!read.ok) {
        throw new Problem(read.error.code === "unsigned" ? "unauthorized" : "request-malformed");
      }
      const isNew = await Promise.all(read.value.map((event) => storeEvent(io, event)));
      const fresh = read.value.filter((_event, index) => isNew[index]);
      const hear = hearing(c);
      c.executionCtx.waitUntil(Promise.all(fresh.map((event) => handleEvent(io, hear, event))));
      return c.json({ received: fresh.length }, 200);
    },
  );
