import { z } from "zod";
import type { Shortage } from "../inventory/index.ts";
import {
  Address,
  OrderLine,
  OrderPromotion,
  OrderStatus,
  OrderVoucher,
  PlannedShipment,
  Totals,
} from "../orders/index.ts";
import { PaymentTokens } from "../payments/index.ts";
import type { RateLimited } from "../platform/limits/index.ts";
import { type CodeRefusal, CodeRefusalReason } from "../promotions/index.ts";
import { DeliveryMode } from "../shared/delivery-mode.ts";
import { CheckoutId, OrderId, QuoteId, Sku } from "../shared/ids.ts";
import { Money } from "../shared/money.ts";

/**
 * `payment_pending` waits for a processor's word with the stock held. `requires_escalation` has waited
 * so long that a person should look; it still resolves by itself when the word comes.
 */
export const CheckoutStatus = z.enum([
  "incomplete",
  "ready_for_complete",
  "complete_in_progress",
  "payment_pending",
  "requires_escalation",
  "completed",
  "canceled",
]);
export type CheckoutStatus = z.infer<typeof CheckoutStatus>;

export const CheckoutContact = z.object({
  email: z
    .email()
    .max(254)
    .transform((email) => email.trim()),
  shippingAddress: Address,
  billingAddress: Address.optional(),
  shippingMethod: z.string().min(1).max(40).optional(),
});
export type CheckoutContact = z.infer<typeof CheckoutContact>;

export const ShippingOption = z
  .object({
    code: z.string(),
    title: z.string(),
    price: Money.describe("Of all shipments together"),
    shipments: z
      .array(z.object({ id: z.string(), price: Money }))
      .describe("What of the price each of the quote's shipments bears"),
  })
  .meta({ id: "ShippingOption" });
export type ShippingOption = z.infer<typeof ShippingOption>;

/** What stands between this cart and an order, or what changed since the shopper last looked. */
export const CheckoutProblem = z
  .object({
    code: z.enum([
      "cart_empty",
      "unavailable",
      "insufficient_stock",
      "shipping_unavailable",
      "location_unavailable",
      "total_limit",
      "price_changed",
      "coupon_refused",
      "voucher_refused",
    ]),
    sku: Sku.optional(),
    location: z.string().optional().describe("The code of the stock location that is short of it"),
    refused: z.string().optional().describe("The coupon, or the voucher's last characters"),
    reason: CodeRefusalReason.optional(),
    was: z.union([Money, z.int()]).optional().describe("The price or the quantity before"),
    now: z.union([Money, z.int()]).optional().describe("The price or the quantity that can be had"),
  })
  .meta({ id: "CheckoutProblem" });
export type CheckoutProblem = z.infer<typeof CheckoutProblem>;

/** Immutable and expiring: what the shopper agreed to is what is charged, or nothing is. */
export const Quote = z
  .object({
    id: QuoteId,
    expiresAt: z.iso.datetime(),
    lines: z.array(OrderLine),
    shippingMethod: z.string().nullable(),
    mode: DeliveryMode.describe("How the cart asked to be delivered"),
    shipments: z
      .array(PlannedShipment)
      .describe("What is sent together, from where; their lines and prices add up to the quote's"),
    promotions: z.array(OrderPromotion),
    vouchers: z.array(OrderVoucher).describe("What each gift voucher pays"),
    totals: Totals,
    amountDue: Money.describe("What is left to pay: `totals.total`. At 0 no processor is asked"),
  })
  .meta({ id: "Quote" });
export type Quote = z.infer<typeof Quote>;

export const ValidatedCheckout = z
  .object({
    checkoutId: CheckoutId,
    status: CheckoutStatus,
    quote: Quote,
    shippingMethods: z.array(ShippingOption),
    problems: z.array(CheckoutProblem),
  })
  .meta({ id: "ValidatedCheckout" });
export type ValidatedCheckout = z.infer<typeof ValidatedCheckout>;

export const ProcessOrder = z.object({
  checkoutId: CheckoutId,
  quoteId: QuoteId,
  payment: z
    .object({ tokens: PaymentTokens })
    .optional()
    .describe("Only a quote with nothing due does without it"),
});
export type ProcessOrder = z.infer<typeof ProcessOrder>;

export const PlacedOrder = z
  .object({
    order: z.object({
      id: OrderId,
      number: z.string(),
      status: OrderStatus,
      total: Money,
      token: z.string().describe("The guest's access to this order: the `Order-Token` header"),
    }),
  })
  .meta({ id: "PlacedOrder" });
export type PlacedOrder = z.infer<typeof PlacedOrder>;

export const PendingPayment = z
  .object({ checkoutId: CheckoutId, status: z.literal("payment_pending") })
  .meta({ id: "PendingPayment" });
export type PendingPayment = z.infer<typeof PendingPayment>;

export const CheckoutView = z
  .object({
    checkoutId: CheckoutId,
    status: CheckoutStatus,
    quote: Quote.nullable(),
    order: PlacedOrder.shape.order.nullable(),
    problems: z.array(CheckoutProblem),
    reason: z.string().nullable().describe("Why it was canceled, or why the last attempt failed"),
  })
  .meta({ id: "Checkout" });
export type CheckoutView = z.infer<typeof CheckoutView>;

/** Why an attempt to complete ended without an order; every effect it had was undone first. */
export type Refusal =
  | { code: "payment_declined"; reason: string }
  | { code: "payments_unavailable"; reason: string }
  | { code: "insufficient_stock"; shortages: Shortage[] }
  | { code: "quote_changed"; refused?: CodeRefusal[] }
  | { code: "dependency_down"; dependency: string }
  | RateLimited
  | { code: "interrupted" };
