import { z } from "zod";
import { boundedText } from "../platform/bounded-text.ts";
import type { Meter } from "../platform/telemetry/meter.ts";
import { sha256Hex } from "../shared/digest.ts";
import { isRedirect, isUnsent, parseJson, REPLY_BYTES_MAX, sortFailure } from "./sort-reply.ts";

const AdyenError = z.object({
  status: z.int(),
  errorCode: z.string().nullish(),
  errorType: z.string().nullish(),
});
export type AdyenError = z.infer<typeof AdyenError>;

/** What came of one call; as at Stripe, `unsent` surely did not happen and `lost` may have. */
export type AdyenReply =
  | { kind: "success"; body: unknown }
  | { kind: "error"; error: AdyenError }
  | { kind: "unsent"; reason: string; status?: number }
  | { kind: "lost"; reason: string };

export type AdyenConnection = {
  /** With the API's version, such as `https://checkout-test.adyen.com/v71`. */
  url: string;
  apiKey: string;
  merchantAccount: string;
  timeoutMs: number;
  meter: Meter;
};
export type AdyenCall = (
  path: string,
  body: object,
  idempotencyKey?: string,
) => Promise<AdyenReply>;

/** POST calls with a deadline, sorted by what they prove; what changes something carries a key. */
export function adyenClient({ url, apiKey, timeoutMs, meter }: AdyenConnection): AdyenCall {
  return (path, body, idempotencyKey) =>
    meter.step("processor", async () => {
      try {
        const response = await fetch(`${url}${path}`, {
          method: "POST",
          headers: {
            "Content-Type": "application/json",
            "X-API-Key": apiKey,
            ...(idempotencyKey !== undefined && {
              "Idempotency-Key": await shortKey(idempotencyKey),
            }),
          },
          body: JSON.stringify(body),
          redirect: "manual",
          signal: AbortSignal.timeout(timeoutMs),
        });
        return replyOf(response, await boundedText(response, REPLY_BYTES_MAX));
      } catch (error) {
        return sortFailure(error);
      }
    });
}

const KEY_CHARS_MAX = 64;

/** Adyen's keys are shorter than some of ours; a digest is as unique and just as long as they may be. */
const shortKey = async (key: string) => (key.length <= KEY_CHARS_MAX ? key : await sha256Hex(key));

/** The same key is being worked on, or was and its answer is gone: its outcome is not known here. */
const BEING_PROCESSED = "704";

function replyOf({ status, headers }: Response, text: string): AdyenReply {
  const body = parseJson(text);
  if (status >= 200 && status < 300) {
    return body === undefined
      ? { kind: "lost", reason: "unreadable answer" }
      : { kind: "success", body };
  }
  if (isUnsent(status)) return { kind: "unsent", reason: `HTTP ${status}`, status };
  const { data: error } = AdyenError.safeParse(body);
  const isTransient = headers.get("transient-error") === "true";
  if (status >= 500 || status === 409 || isRedirect(status) || isTransient || !error) {
    return { kind: "lost", reason: `HTTP ${status}` };
  }
  if (error.errorCode === BEING_PROCESSED) return { kind: "lost", reason: "being processed" };
  return { kind: "error", error };
}

const AdyenAmount = z.object({ currency: z.string(), value: z.int() });
const PaymentResult = z.object({
  resultCode: z.string(),
  pspReference: z.string().optional(),
  refusalReason: z.string().optional(),
  amount: AdyenAmount.optional(),
});
export type PaymentResult = z.infer<typeof PaymentResult>;

export const readPaymentResult = (body: unknown): PaymentResult | undefined =>
  PaymentResult.safeParse(body).data;
