import { z } from "zod";
import type { Money } from "../shared/money.ts";
import { fromAdyenAmount } from "./adyen-amount.ts";

/** One item of Adyen's standard webhook. `success` is a text there, and part of what is signed. */
export const AdyenItem = z.object({
  additionalData: z.record(z.string(), z.unknown()).optional(),
  amount: z.object({ currency: z.string(), value: z.int() }),
  eventCode: z.string().min(1).max(60),
  eventDate: z.string().optional(),
  merchantAccountCode: z.string(),
  merchantReference: z.string().max(120),
  originalReference: z.string().max(80).optional(),
  pspReference: z.string().min(1).max(80),
  reason: z.string().optional(),
  success: z.enum(["true", "false"]),
});
export type AdyenItem = z.infer<typeof AdyenItem>;

/** Where a payment stands, as told by whatever notifications there are: their order plays no part. */
export type AdyenStanding = {
  authorised: { paymentId: string; amount: Money } | undefined;
  /** Why it was refused. */
  refused: string | undefined;
  isCaptured: boolean;
  isVoided: boolean;
  /** A technical cancel found no payment of this reference: nothing was ever authorized. */
  isMissing: boolean;
};

/** The same set of notifications makes the same standing, however they are ordered or repeated. */
export function standingOf(items: readonly AdyenItem[]): AdyenStanding {
  const told = (code: string, success: "true" | "false") =>
    items.find((item) => item.eventCode === code && item.success === success);
  const accepted = told("AUTHORISATION", "true");
  const amount = accepted && fromAdyenAmount(accepted.amount);
  return {
    authorised: accepted && amount && { paymentId: accepted.pspReference, amount },
    refused: told("AUTHORISATION", "false")?.reason,
    // A capture that failed after all may have been asked for again, under another reference.
    isCaptured: items.some(
      (item) =>
        item.eventCode === "CAPTURE" &&
        item.success === "true" &&
        !captureRefused(items, item.merchantReference),
    ),
    isVoided:
      told("CANCELLATION", "true") !== undefined || told("TECHNICAL_CANCEL", "true") !== undefined,
    isMissing: told("TECHNICAL_CANCEL", "false") !== undefined,
  };
}

/** Why the capture that was asked for under this key came to nothing; undefined unless it did. */
export function captureRefused(items: readonly AdyenItem[], key: string): string | undefined {
  const failed = items.find(
    ({ eventCode, success, merchantReference }) =>
      merchantReference === key &&
      (eventCode === "CAPTURE_FAILED" || (eventCode === "CAPTURE" && success === "false")),
  );
  return failed && (failed.reason || failed.eventCode);
}

/** What became of the refund that was asked for under this key. */
export function refundUnder(
  items: readonly AdyenItem[],
  key: string,
): { refundId: string; isPaid: boolean; reason: string } | undefined {
  const about = items.filter(({ merchantReference }) => merchantReference === key);
  const failed = about.find(
    ({ eventCode, success }) =>
      eventCode === "REFUND_FAILED" || (eventCode === "REFUND" && success === "false"),
  );
  const refund = failed ?? about.find(({ eventCode }) => eventCode === "REFUND");
  return (
    refund && {
      refundId: refund.pspReference,
      isPaid: !failed,
      reason: refund.reason ?? refund.eventCode,
    }
  );
}
