import { z } from "zod";
import { type OrderMessage, type OrderMoment, orderAt } from "../orders/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { Envelope } from "../platform/queues/envelope.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { postWebhook, type WebhookOutcome } from "../platform/webhooks/post-webhook.ts";
import { derivedWebhookSecret } from "../platform/webhooks/sign.ts";
import { WebhookDue } from "./fan-out-webhooks.ts";
import { webhookBody, webhookEventOf } from "./webhook-events.ts";
import { disableEndpoint, findEndpoint, recordDelivery, wasDelivered } from "./webhook-store.ts";

export type DeliveryResult =
  | { kind: "delivered" | "delivered_before" | "not_wanted" | "disabled" }
  | { kind: "malformed" | "refused"; reason: string };

/**
 * Tells one merchant's endpoint of one event, once as far as we can know it: a crash between its answer
 * and our record sends it again under the same `webhook-id`. An endpoint that answers 410 is told no more.
 */
export async function deliverWebhook(io: Io, message: Envelope): Promise<DeliveryResult> {
  const due = WebhookDue.safeParse(message.data);
  if (!due.success) return { kind: "malformed", reason: z.prettifyError(due.error) };
  const { endpointId, ...place } = due.data;
  const endpoint = await findEndpoint(io.sql, endpointId);
  if (!endpoint || endpoint.disabledAtMs !== null) return { kind: "not_wanted" };
  const secret = await derivedWebhookSecret(io.config.TOKEN_SECRET, endpointId);
  const receiver = { name: endpointId, url: endpoint.url, secret };
  const outcome = await deliverOnce(io, receiver, "merchant", place);
  if (outcome.kind === "gone" || outcome.kind === "refused") {
    const reason = outcome.kind === "gone" ? "answered 410 Gone" : outcome.reason;
    await disableEndpoint(io.sql, endpointId, { reason, nowMs: io.clock.nowMs() });
    logInfo("comms.webhook_disabled", { endpointId, reason, trace: io.trace });
    return { kind: "disabled" };
  }
  return outcome;
}

/**
 * Hands an order over to the systems of the shop's own (ERP, warehouse), each once. They must know an
 * event that they took by its `webhook-id`. All are tried before the first failure is thrown.
 */
export async function handOver(io: Io, place: OrderMessage): Promise<number> {
  const receivers = io.config.HANDOVER_ENDPOINTS;
  const results = await Promise.allSettled(
    receivers.map(async ({ id, url, secret }) => {
      const receiver = { name: `handover:${id}`, url, secret };
      const outcome = await deliverOnce(io, receiver, "fulfilment", place);
      // Goods may not be forgotten because an address is wrong: the message stays until it is mended.
      if (outcome.kind === "gone" || outcome.kind === "refused") {
        throw new Error(`the hand-over to ${id} is refused: ${JSON.stringify(outcome)}`);
      }
      return outcome.kind;
    }),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return results.filter(({ status }) => status === "fulfilled").length;
}

type Receiver = { name: string; url: string; secret: string };

async function deliverOnce(
  io: Io,
  { name, url, secret }: Receiver,
  audience: "merchant" | "fulfilment",
  { orderId, sequence }: OrderMessage,
): Promise<WebhookOutcome | { kind: "delivered_before" | "not_wanted" }> {
  const moment: OrderMoment = await orderAt(io, orderId, sequence);
  const { eventId } = moment.event;
  const type = webhookEventOf(moment);
  if (type === undefined) return { kind: "not_wanted" };
  // Messages come in any order: what is told to send an order must not hear of it after its end.
  const isOver = type === "order.paid" && moment.status === "cancelled";
  if (audience === "fulfilment" && isOver) return { kind: "not_wanted" };
  if (await wasDelivered(io.sql, { eventId, receiver: name })) return { kind: "delivered_before" };
  const body = webhookBody(type, moment, audience);
  const { config, clock, meter } = io;
  const outcome = await postWebhook(
    { url, secret, id: `msg_${eventId}`, body },
    {
      nowMs: clock.nowMs(),
      timeoutMs: config.DEPENDENCY_TIMEOUT_MS,
      allowedOrigins: config.WEBHOOK_ALLOWED_ORIGINS,
      meter,
    },
  );
  if (outcome.kind !== "delivered") return outcome;
  const deliveredAtMs = clock.nowMs();
  await recordDelivery(io.sql, { eventId, receiver: name, orderId, deliveredAtMs });
  logInfo("comms.webhook_delivered", { receiver: name, orderId, eventId, trace: io.trace });
  return outcome;
}
