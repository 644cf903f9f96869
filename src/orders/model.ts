import { z } from "zod";
import { ProcessorName } from "../payments/index.ts";
import { CheckoutId, EventId, LineId, OrderId, Sku, VariantId } from "../shared/ids.ts";
import { Money } from "../shared/money.ts";

export const Address = z
  .object({
    name: z.string().trim().min(1).max(120),
    line1: z.string().trim().min(1).max(120),
    line2: z.string().trim().max(120).optional(),
    city: z.string().trim().min(1).max(80),
    region: z.string().trim().max(80).optional(),
    postalCode: z.string().trim().min(1).max(20),
    country: z.string().regex(/^[A-Z]{2}$/, "must be an ISO 3166-1 alpha-2 code"),
    phone: z.string().trim().max(40).optional(),
  })
  .meta({ id: "Address" });
export type Address = z.infer<typeof Address>;

export const OrderLine = z
  .object({
    id: LineId,
    sku: Sku,
    variantId: VariantId,
    productHandle: z.string(),
    title: z.string(),
    quantity: z.int().min(1),
    unitPrice: Money,
    total: Money,
  })
  .meta({ id: "OrderLine" });
export type OrderLine = z.infer<typeof OrderLine>;

export const Totals = z
  .object({ subtotal: Money, discount: Money, shipping: Money, tax: Money, total: Money })
  .meta({ id: "Totals" });
export type Totals = z.infer<typeof Totals>;

/** Who did it: the shopper, a staff key, or the system itself. */
export const Actor = z.object({
  kind: z.enum(["shopper", "staff", "system"]),
  id: z.string().max(80),
});
export type Actor = z.infer<typeof Actor>;

/** The events of an order, versioned by name; `data` of each is what the fold needs and nothing else. */
export const OrderEventBody = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("order.placed.v1"),
    data: z.object({
      number: z.string(),
      checkoutId: CheckoutId,
      holdId: z.string().describe("Names what was held of each SKU; never shown"),
      quoteId: z.string(),
      cartOwner: z.string().describe("Whose cart it was; never shown"),
      email: z.email(),
      shippingAddress: Address,
      billingAddress: Address.optional(),
      shippingMethod: z.string(),
      lines: z.array(OrderLine).min(1),
      totals: Totals,
      payment: z.object({ processor: ProcessorName, paymentId: z.string(), authorized: Money }),
    }),
  }),
  z.object({
    type: z.literal("payment.captured.v1"),
    data: z.object({ processor: ProcessorName, paymentId: z.string(), amount: Money }),
  }),
  z.object({
    type: z.literal("order.cancelled.v1"),
    data: z.object({
      reason: z.string().max(200),
      request: z
        .string()
        .optional()
        .describe(
          "Hash of the request that asked for it, so that its repeat is known; never shown",
        ),
    }),
  }),
  z.object({
    type: z.literal("payment.voided.v1"),
    data: z.object({ processor: ProcessorName, paymentId: z.string() }),
  }),
  z.object({
    type: z.literal("payment.refunded.v1"),
    data: z.object({
      processor: ProcessorName,
      paymentId: z.string(),
      refundId: z.string(),
      amount: Money,
    }),
  }),
  z.object({
    type: z.literal("order.stock_returned.v1"),
    data: z.object({ lines: z.array(z.object({ sku: Sku, quantity: z.int().min(1) })) }),
  }),
  z.object({
    type: z.literal("return.requested.v1"),
    data: z.object({
      returnId: z.string(),
      lines: z.array(z.object({ lineId: LineId, quantity: z.int().min(1) })).min(1),
      reason: z.string().max(500),
    }),
  }),
]);
export type OrderEventBody = z.infer<typeof OrderEventBody>;
export type OrderEventType = OrderEventBody["type"];
/** The data of one type of event: `EventData<"order.placed.v1">`. */
export type EventData<T extends OrderEventType> = Extract<OrderEventBody, { type: T }>["data"];

/** One row of `order_events`: the truth about an order is the fold of its rows. */
export const OrderEvent = z
  .object({
    orderId: OrderId,
    sequence: z.int().min(1),
    eventId: EventId,
    actor: Actor,
    occurredAtMs: z.int(),
    trace: z.string(),
  })
  .and(OrderEventBody);
export type OrderEvent = z.infer<typeof OrderEvent>;

export const OrderStatus = z.enum(["placed", "paid", "fulfilled", "cancelled", "refunded"]);
export type OrderStatus = z.infer<typeof OrderStatus>;

export const PaymentStatus = z.enum(["authorized", "captured", "voided", "refunded"]);
export type PaymentStatus = z.infer<typeof PaymentStatus>;

/** The public order of API.md. */
export const OrderView = z
  .object({
    id: OrderId,
    number: z.string(),
    status: OrderStatus,
    email: z.string(),
    lines: z.array(OrderLine),
    totals: Totals,
    shippingAddress: Address,
    shippingMethod: z.string(),
    payment: z.object({
      status: PaymentStatus,
      processor: ProcessorName,
      captured: Money,
      refunded: Money,
    }),
    createdAt: z.iso.datetime(),
    /** The sequence of the last event that is part of this view. */
    version: z.int(),
  })
  .meta({ id: "Order" });
export type OrderView = z.infer<typeof OrderView>;

/** Why an order's state forbids what was asked. */
export type OrderRefusal =
  | { code: "order_unknown" }
  | { code: "order_conflict"; status: OrderStatus }
  | { code: "line_unknown"; lineId: LineId }
  | { code: "quantity_exceeded"; lineId: LineId; returnable: number }
  | { code: "returns_limit"; max: number };
