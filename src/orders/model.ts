import { z } from "zod";
import { ProcessorName } from "../payments/index.ts";
import { CheckoutId, EventId, LineId, OrderId, Sku, VariantId, VoucherId } from "../shared/ids.ts";
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
    total: Money.describe("Before discounts"),
    discount: Money.optional().describe("The line's share of all discounts"),
    tax: Money.optional().describe("Added to the line's price, after its discount"),
    taxIncluded: Money.optional().describe("Contained in the line's price, after its discount"),
  })
  .meta({ id: "OrderLine" });
export type OrderLine = z.infer<typeof OrderLine>;

export const Totals = z
  .object({
    subtotal: Money,
    discount: Money,
    shipping: Money,
    tax: Money.describe("Added to the prices"),
    taxIncluded: Money.optional().describe("Contained in the prices; part of no sum"),
    voucher: Money.optional().describe("Paid with gift vouchers"),
    total: Money.describe(
      "What is charged: subtotal - discount + shipping + tax - voucher, to the last minor unit",
    ),
  })
  .meta({ id: "Totals" });
export type Totals = z.infer<typeof Totals>;

/** What a code or an automatic rule took off. */
export const OrderPromotion = z.object({
  id: z.string(),
  code: z.string().nullable().describe("`null` for a rule that applies by itself"),
  title: z.string(),
  discount: Money,
  freeShipping: z.boolean(),
});

/** What a gift voucher paid. */
export const OrderVoucher = z.object({
  id: VoucherId,
  code: z.string().describe("Only its last characters"),
  amount: Money,
});

/** The part of a refund that a gift voucher gets back. */
const VoucherPart = OrderVoucher.pick({ id: true, amount: true });

/** Who was paid: nobody, where vouchers and discounts left nothing to pay. */
const PaidBy = z.enum([...ProcessorName.options, "none"]);

/** Who did it: the shopper, a staff key, or the system itself. */
export const Actor = z.object({
  kind: z.enum(["shopper", "staff", "system"]),
  id: z.string().max(80),
});
export type Actor = z.infer<typeof Actor>;

/** Derived from the request that announced the return: see `returnIdFor`. */
export const ReturnId = z.string().regex(/^ret_[0-9a-z]{1,40}$/);

/** Some units of a line of the order. */
export const LineUnits = z.object({ lineId: LineId, quantity: z.int().min(1) });
export type LineUnits = z.infer<typeof LineUnits>;

/** What the sale said would be sent together. */
export const PlannedShipment = z
  .object({
    id: z.string().describe("Unique within the order"),
    location: z
      .object({ code: z.string(), name: z.string() })
      .nullable()
      .describe("Where it leaves from; `null` where that is decided when it is packed"),
    lines: z.array(LineUnits),
    shipping: Money.describe("Its part of what shipping costs"),
  })
  .meta({ id: "PlannedShipment" });
export type PlannedShipment = z.infer<typeof PlannedShipment>;

/** Where somebody saw that a capture came about of which the processor never told. */
export const CaptureProof = z.object({
  reference: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9_-]{4,80}$/)
    .describe("The processor's own name of the capture, such as its pspReference"),
  note: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .describe("Where it was seen: a settlement report, a page"),
});
export type CaptureProof = z.infer<typeof CaptureProof>;

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
      shipments: z
        .array(PlannedShipment)
        .optional()
        .describe("Absent in old orders: all in one shipment"),
      lines: z.array(OrderLine).min(1),
      totals: Totals,
      promotions: z.array(OrderPromotion).optional(),
      vouchers: z.array(OrderVoucher).optional(),
      payment: z.object({ processor: PaidBy, paymentId: z.string(), authorized: Money }),
    }),
  }),
  z.object({
    type: z.literal("payment.captured.v1"),
    data: z.object({
      processor: PaidBy,
      paymentId: z.string(),
      amount: Money,
      proof: CaptureProof.optional().describe("Only where a person wrote it down"),
    }),
  }),
  z.object({
    type: z.literal("payment.capture_accepted.v1"),
    data: z.object({ processor: ProcessorName, paymentId: z.string() }),
  }),
  z.object({
    type: z.literal("payment.capture_failed.v1"),
    data: z.object({
      processor: ProcessorName,
      paymentId: z.string(),
      reason: z.string().max(200),
    }),
  }),
  z.object({
    type: z.literal("payment.capture_requested.v1"),
    data: z.object({ request: z.string().describe("Names the request; never shown") }),
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
    data: z.object({ processor: PaidBy, paymentId: z.string() }),
  }),
  z.object({
    type: z.literal("payment.refunded.v1"),
    data: z.object({
      processor: ProcessorName,
      paymentId: z.string(),
      refundId: z.string().describe("The processor's own name of it"),
      amount: Money,
      request: z.string().optional().describe("The `refund.requested.v1` that it answers"),
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
      lines: z.array(LineUnits).min(1),
      reason: z.string().max(500),
    }),
  }),
  z.object({
    type: z.literal("return.received.v1"),
    data: z.object({
      returnId: z.string(),
      lines: z.array(LineUnits).min(1).describe("What arrived: as requested, or less"),
      restock: z.array(z.object({ sku: Sku, quantity: z.int().min(1) })),
    }),
  }),
  z.object({
    type: z.literal("return.refused.v1"),
    data: z.object({ returnId: z.string(), reason: z.string().max(500) }),
  }),
  z.object({
    type: z.literal("return.restocked.v1"),
    data: z.object({ returnId: z.string() }),
  }),
  z.object({
    type: z.literal("order.shipped.v1"),
    data: z.object({
      shipmentId: z.string().describe("Of this parcel"),
      of: z.string().optional().describe("The planned shipment; the first where it is absent"),
      lines: z.array(LineUnits).min(1),
      carrier: z.string().max(80),
      tracking: z.string().max(120),
      trackingUrl: z.url().max(500).optional(),
    }),
  }),
  z.object({
    type: z.literal("refund.requested.v1"),
    data: z.object({
      refundId: z.string(),
      amount: Money.describe("What goes back by the processor; 0 where vouchers paid all of it"),
      vouchers: z.array(VoucherPart).optional().describe("What goes back to gift vouchers"),
      lines: z.array(LineUnits).describe("What it pays back; empty for a free amount"),
      shipping: Money.describe("The part of all that goes back that is shipping"),
      reason: z.string().max(200).describe("For the shop's own people"),
      returnId: z.string().optional(),
    }),
  }),
  z.object({
    type: z.literal("voucher.credited.v1"),
    data: z.object({ refundId: z.string(), vouchers: z.array(VoucherPart).min(1) }),
  }),
  z.object({
    type: z.literal("refund.failed.v1"),
    data: z.object({ refundId: z.string(), reason: z.string().max(200) }),
  }),
  z.object({
    type: z.literal("order.claimed.v1"),
    data: z.object({ userId: z.string().describe("Whose account it came to; never shown") }),
  }),
  z.object({
    type: z.literal("order.erased.v1"),
    data: z.object({}).describe("From here on nothing of it says who bought"),
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

/**
 * `pending`: the processor has accepted the capture and has not said yet what came of it. `failed`: it
 * refused, and nothing goes on until somebody asks again or cancels.
 */
export const PaymentStatus = z.enum([
  "authorized",
  "pending",
  "failed",
  "captured",
  "voided",
  "refunded",
]);
export type PaymentStatus = z.infer<typeof PaymentStatus>;

const ParcelView = z
  .object({
    id: z.string(),
    lines: z.array(LineUnits),
    carrier: z.string(),
    tracking: z.string(),
    trackingUrl: z.string().optional(),
    shippedAt: z.iso.datetime(),
  })
  .meta({ id: "Parcel" });

const ShipmentView = PlannedShipment.extend({
  status: z.enum(["pending", "partly_shipped", "shipped", "cancelled"]),
  parcels: z.array(ParcelView).describe("What has left of it so far"),
}).meta({ id: "Shipment" });

const ReturnView = z
  .object({
    id: z.string(),
    status: z.enum(["requested", "received", "refused"]),
    lines: z.array(LineUnits).describe("As requested"),
    received: z.array(LineUnits),
    reason: z.string().describe("Of the shopper; of the shop once it is refused"),
  })
  .meta({ id: "Return" });

const RefundView = z
  .object({
    id: z.string(),
    status: z.enum(["pending", "refunded", "failed"]),
    amount: Money.describe("What goes back the way it was paid"),
    vouchers: z.array(VoucherPart).describe("What goes back to gift vouchers beside it"),
    lines: z.array(LineUnits),
    returnId: z.string().optional(),
  })
  .meta({ id: "Refund" });

/** The public order of API.md. */
export const OrderView = z
  .object({
    id: OrderId,
    number: z.string(),
    status: OrderStatus,
    email: z.string(),
    lines: z.array(OrderLine),
    totals: Totals,
    promotions: z.array(OrderPromotion),
    vouchers: z.array(OrderVoucher.extend({ returned: Money.describe("What it got back") })),
    shippingAddress: Address,
    shippingMethod: z.string(),
    payment: z.object({
      status: PaymentStatus,
      processor: PaidBy,
      captured: Money,
      refunded: Money,
    }),
    shipments: z.array(ShipmentView),
    returns: z.array(ReturnView),
    refunds: z.array(RefundView),
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
  | { code: "quantity_exceeded"; lineId: LineId; left: number }
  | { code: "limit_reached"; of: "returns" | "shipments" | "refunds"; max: number }
  | { code: "nothing_left" }
  | { code: "shipment_unknown" }
  | { code: "shipment_unnamed"; open: string[] }
  | { code: "return_unknown" }
  | { code: "return_closed"; status: "received" | "refused" }
  | { code: "refund_exceeds"; refundable: Money }
  | { code: "not_over" };
