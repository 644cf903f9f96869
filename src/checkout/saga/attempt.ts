import type { ProcessorName } from "../../payments/index.ts";
import type { Redemptions } from "../../promotions/index.ts";
import type { OrderId, QuoteId } from "../../shared/ids.ts";
import type { Refusal } from "../model.ts";

/**
 * Where an attempt stands. Each step is journaled before its effect leaves, so after a crash the
 * step says what may have happened:
 * `holding → (redeeming →) authorizing → (asking →) appending → committing → finishing → done`,
 * and from every step before `appending` also `→ undoing → undone`.
 * From `appending` on there is no way back: the order may exist, so the way is only forward.
 */
export type AttemptStep =
  | "holding"
  | "redeeming"
  | "authorizing"
  | "asking"
  | "appending"
  | "committing"
  | "finishing"
  | "done"
  | "undoing"
  | "undone";

/** The payment of an attempt at one processor. `sent` means: only the processor knows. */
export type PaymentRecord = {
  processor: ProcessorName;
  state: "sent" | "approved" | "nothing";
  sentAtMs: number;
  paymentId: string | null;
};

/** One try to turn the checkout into an order. A checkout runs at most one at a time. */
export type Attempt = {
  /** Also the key of its hold and of its payment: `<checkoutId>:<number>`. */
  key: string;
  number: number;
  quoteId: QuoteId;
  orderId: OrderId;
  /** The Idempotency-Key of the request that started it. */
  answerKey: string;
  trace: string;
  startedAtMs: number;
  step: AttemptStep;
  /** What it uses up beside the stock, as its quote promised. */
  redemptions: Redemptions;
  /** Nothing is left to pay. */
  isFree: boolean;
  payment: PaymentRecord | null;
  refusal: Refusal | null;
};

/** What a step decided: where to go next, or that it must wait for better weather. */
export type Move = { to: AttemptStep; note: string; refusal?: Refusal } | "wait";

export type Outcome =
  | { kind: "placed" }
  | { kind: "pending" }
  | { kind: "refused"; refusal: Refusal };

export const isOver = ({ step }: Attempt): boolean => step === "done" || step === "undone";

/** Whether the order exists: nothing undoes it any more but a cancellation. */
export const isPlaced = ({ step }: Attempt): boolean =>
  step === "committing" || step === "finishing" || step === "done";
