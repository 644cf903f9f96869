import { z } from "zod";
import { boundedText } from "../platform/bounded-text.ts";
import type { Meter } from "../platform/telemetry/meter.ts";
import { isRedirect, isUnsent, parseJson, REPLY_BYTES_MAX, sortFailure } from "./sort-reply.ts";

const Intent = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.int(),
  amount_received: z.int().default(0),
  currency: z.string(),
});
export type Intent = z.infer<typeof Intent>;

const StripeError = z.object({
  type: z.string(),
  code: z.string().nullish(),
  decline_code: z.string().nullish(),
  param: z.string().nullish(),
  payment_intent: Intent.nullish(),
});
export type StripeError = z.infer<typeof StripeError>;

/**
 * What came of one call. `unsent`: the request surely never reached the processor. `lost`: it may have,
 * and no readable answer came back.
 */
export type StripeReply =
  | { kind: "success"; body: unknown }
  | { kind: "error"; status: number; error: StripeError }
  | { kind: "unsent"; reason: string; status?: number }
  | { kind: "lost"; reason: string };

export type StripeOptions = { url: string; secretKey: string; timeoutMs: number; meter: Meter };
export type StripeCall = (
  method: "GET" | "POST",
  path: string,
  fields: Record<string, string>,
  idempotencyKey?: string,
) => Promise<StripeReply>;

/** Form-encoded calls with a deadline, sorted by what they prove about the processor's state. */
export function stripeClient({ url, secretKey, timeoutMs, meter }: StripeOptions): StripeCall {
  return (method, path, fields, idempotencyKey) =>
    meter.step("processor", async () => {
      const form = new URLSearchParams(fields).toString();
      const headers: Record<string, string> = {
        Authorization: `Bearer ${secretKey}`,
        "Stripe-Version": "2024-06-20",
      };
      if (method === "POST") headers["Content-Type"] = "application/x-www-form-urlencoded";
      if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
      const address = `${url}${path}${method === "GET" && form ? `?${form}` : ""}`;
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const body = method === "POST" ? { body: form } : {};
        const init = { method, headers, signal, redirect: "manual", ...body } as const;
        const response = await fetch(address, init);
        return replyOf(response.status, await boundedText(response, REPLY_BYTES_MAX));
      } catch (error) {
        return sortFailure(error);
      }
    });
}

function replyOf(status: number, text: string): StripeReply {
  if (status >= 200 && status < 300) {
    const body = parseJson(text);
    return body === undefined
      ? { kind: "lost", reason: "unreadable answer" }
      : { kind: "success", body };
  }
  if (isUnsent(status)) {
    return { kind: "unsent", reason: `HTTP ${status}`, status };
  }
  const parsed = z.object({ error: StripeError }).safeParse(parseJson(text));
  // 409 says that the same key is being worked on right now: its outcome is not known yet.
  if (status >= 500 || status === 409 || isRedirect(status) || !parsed.success) {
    return { kind: "lost", reason: `HTTP ${status}` };
  }
  return { kind: "error", status, error: parsed.data.error };
}

export const readIntent = (body: unknown): Intent | undefined => Intent.safeParse(body).data;

export const readIntents = (body: unknown): Intent[] | undefined =>
  z.object({ data: z.array(Intent) }).safeParse(body).data?.data;

export const readRefund = (body: unknown) =>
  z.object({ id: z.string(), status: z.string() }).safeParse(body).data;
