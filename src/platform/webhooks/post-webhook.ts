import { DependencyDown } from "../dependency.ts";
import type { Meter } from "../telemetry/meter.ts";
import { signWebhook } from "./sign.ts";
import { targetFault } from "./target.ts";

export type OutgoingWebhook = {
  url: string;
  secret: string;
  /** The receiver knows a repeat by it. */
  id: string;
  body: string;
};

/** `refused`: sending it again is no use. `gone`: the receiver wants nothing any more (HTTP 410). */
export type WebhookOutcome =
  | { kind: "delivered" }
  | { kind: "gone" }
  | { kind: "refused"; reason: string };

export type WebhookIo = {
  nowMs: number;
  timeoutMs: number;
  allowedOrigins: readonly string[];
  meter: Meter;
};

/**
 * Posts one signed webhook. The address is looked at again right before it is used, and a redirect is
 * not followed: it is a failure, for it could lead anywhere. The answer's body is not read.
 *
 * @throws DependencyDown unless the receiver answered 2xx or 410; repeat the call.
 */
export async function postWebhook(
  { url, secret, id, body }: OutgoingWebhook,
  { nowMs, timeoutMs, allowedOrigins, meter }: WebhookIo,
): Promise<WebhookOutcome> {
  const fault = targetFault(url, allowedOrigins);
  if (fault) return { kind: "refused", reason: fault };
  const timestampSeconds = Math.floor(nowMs / 1000);
  const headers = {
    "Content-Type": "application/json",
    "User-Agent": "Frontage-Webhooks/1",
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": await signWebhook(secret, { id, timestampSeconds, body }),
  };
  const signal = AbortSignal.timeout(timeoutMs);
  const init = { method: "POST", headers, body, signal, redirect: "manual" } as const;
  const status = await meter.step("webhook", async () => {
    try {
      const response = await fetch(url, init);
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      throw new DependencyDown("webhook", error);
    }
  });
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 410) return { kind: "gone" };
  throw new DependencyDown("webhook", new Error(`HTTP ${status}`));
}
