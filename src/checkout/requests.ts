import type { CartOwner } from "../cart/index.ts";
import type { PaymentTokens } from "../payments/index.ts";
import type { QuoteId } from "../shared/ids.ts";
import type { CheckoutContact } from "./model.ts";
import type { CartFacts } from "./validate.ts";

export type Repeatable = { answerKey: string | undefined; fingerprint: string; trace: string };
export type ValidateRequest = Repeatable & {
  facts: CartFacts;
  contact: CheckoutContact;
};
export type CompleteRequest = Repeatable & {
  answerKey: string;
  /** The cart owners that the caller proved to be; nobody needs to be a guest to know the id. */
  owners: readonly CartOwner[];
  quoteId: QuoteId;
  tokens: PaymentTokens;
  /** What its address is counted as, if it is counted. For limits alone: it is written nowhere. */
  address: string | undefined;
};

/** A request that waits for an attempt; `undefined` where nobody does. */
export type Waiting = Pick<CompleteRequest, "tokens" | "address"> | undefined;
