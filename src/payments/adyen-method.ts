import { z } from "zod";
import { parseJson } from "./sort-reply.ts";

/** Adyen's card component hands out these four; each is unreadable to everybody but Adyen. */
const EncryptedCard = z.strictObject({
  encryptedCardNumber: z.string().min(1),
  encryptedExpiryMonth: z.string().min(1),
  encryptedExpiryYear: z.string().min(1),
  encryptedSecurityCode: z.string().min(1).optional(),
});

/**
 * The payment method that a shopper's token stands for: the encrypted card as JSON, or the id of a card
 * that Adyen stores. `undefined` for JSON of any other shape, so that no plain card number passes.
 */
export function paymentMethodOf(token: string): Record<string, string> | undefined {
  if (!token.startsWith("{")) return { type: "scheme", storedPaymentMethodId: token };
  const card = EncryptedCard.safeParse(parseJson(token));
  if (!card.success) return undefined;
  return { type: "scheme", ...(card.data as Record<string, string>) };
}
