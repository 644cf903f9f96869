import { z } from "zod";
import type { Money } from "../shared/money.ts";

export const ProcessorName = z.enum(["stripe", "adyen"]);
export type ProcessorName = z.infer<typeof ProcessorName>;

/** Single-use references to a card, made by the processor's own page: never a card number. */
export const PaymentTokens = z
  .object({
    stripe: z.string().min(1).max(200).optional(),
    /** Longer, because an encrypted card is a token too. */
    adyen: z.string().min(1).max(8_000).optional(),
  })
  .refine((tokens) => Object.keys(tokens).length > 0, { message: "needs at least one token" });
export type PaymentTokens = z.infer<typeof PaymentTokens>;

export type AuthorizeRequest = {
  /**
   * The idempotency key at the processor: checkout id and attempt. A checkout gets a new attempt only
   * once the one before surely holds no money.
   */
  key: string;
  checkoutId: string;
  orderId: string;
  amount: Money;
  token: string;
};

/**
 * Four outcomes, not two. `declined` is an answer and is never retried elsewhere; `not_executed`
 * surely did not happen; after `unknown` money may have moved, so only the processor can tell.
 */
export type AuthorizeOutcome =
  | { kind: "approved"; paymentId: string; amount: Money }
  | { kind: "declined"; reason: string }
  | { kind: "not_executed"; reason: string }
  | { kind: "unknown"; reason: string };

/** What the asker still has: a processor that cannot be searched needs it to find out. */
export type FindHints = {
  /** The request itself, while the shopper's token is at hand. */
  request?: AuthorizeRequest;
  sentAtMs?: number;
};

/** What the processor knows of a checkout's payment. `none` is final only after its index settled. */
export type FoundPayment =
  | { kind: "approved"; paymentId: string; amount: Money }
  | { kind: "captured"; paymentId: string; amount: Money }
  | { kind: "voided"; paymentId: string }
  | { kind: "declined"; reason: string }
  | { kind: "none" };

/** `accepted`: asked for, and its result is yet to be told. Asking again by the same key changes nothing. */
export type CaptureOutcome =
  | { kind: "captured"; paymentId: string }
  | { kind: "accepted" }
  | { kind: "refused"; reason: string }
  | { kind: "voided" }
  | { kind: "unknown"; reason: string };

export type VoidOutcome =
  | { kind: "voided" }
  | { kind: "captured" }
  | { kind: "unknown"; reason: string };

export type RefundOutcome =
  | { kind: "refunded"; refundId: string }
  | { kind: "accepted" }
  | { kind: "refused"; reason: string }
  | { kind: "unknown"; reason: string };

/** How long a processor may take to answer a `ping`. */
export const PING_MS_MAX = 1_000;

/** A payment processor. Every verb may be repeated: each carries a key under which it happens once. */
export type PaymentProcessor = {
  readonly name: ProcessorName;
  authorize(request: AuthorizeRequest): Promise<AuthorizeOutcome>;
  capture(request: { paymentId: string; amount: Money; key: string }): Promise<CaptureOutcome>;
  void(request: { paymentId: string; key: string }): Promise<VoidOutcome>;
  refund(request: { paymentId: string; amount: Money; key: string }): Promise<RefundOutcome>;
  /**
   * Asks by the key that `authorize` was sent with. Throws `DependencyDown` when it cannot be asked or
   * does not know yet.
   */
  find(key: string, hints?: FindHints): Promise<FoundPayment>;
  /** Whether it answers at all: a short question that changes nothing. */
  ping(): Promise<boolean>;
};
