import {
  type EventData,
  eventIdFor,
  type OrderEvent,
  type OrderEventBody,
  orderNumber,
} from "../../src/orders/index.ts";
import {
  CheckoutId,
  LineId,
  newId,
  OrderId,
  randomSuffix,
  Sku,
  VariantId,
} from "../../src/shared/ids.ts";
import { money } from "../../src/shared/money.ts";

type Placed = EventData<"order.placed.v1">;

const CURRENCY = "USD";
export const PLACED_AT_MS = Date.UTC(2026, 10, 20, 12);

/** An order's first facts: `quantities` of as many lines, at 10.00 each, and 5.00 for shipping. */
export function placedBody(orderId: OrderId, quantities: readonly number[] = [2]): Placed {
  const lines = quantities.map((quantity, at) => ({
    id: LineId.parse(`lin_${at + 1}`),
    sku: Sku.parse(`SKU-${orderId.slice(4)}-${at + 1}`.slice(0, 64)),
    variantId: VariantId.parse(`var_${at + 1}`),
    productHandle: `thing-${at + 1}`,
    title: `Thing ${at + 1}`,
    quantity,
    unitPrice: money(1000, CURRENCY),
    total: money(1000 * quantity, CURRENCY),
  }));
  const subtotal = lines.reduce((sum, line) => sum + line.total.amount, 0);
  const total = money(subtotal + 500, CURRENCY);
  return {
    number: orderNumber(orderId),
    checkoutId: newId(CheckoutId, "chk"),
    holdId: `chk_${orderId.slice(4)}:1`,
    quoteId: "quo_1",
    cartOwner: "guest:secret-cart-token",
    email: "ada@example.com",
    shippingAddress: {
      name: "Ada Lovelace",
      line1: "1 Analytical Way",
      city: "London",
      postalCode: "N1",
      country: "GB",
    },
    shippingMethod: "standard",
    lines,
    totals: {
      subtotal: money(subtotal, CURRENCY),
      discount: money(0, CURRENCY),
      shipping: money(500, CURRENCY),
      tax: money(0, CURRENCY),
      total,
    },
    payment: { processor: "stripe", paymentId: `pi_${randomSuffix()}`, authorized: total },
  };
}

export const newOrderId = (): OrderId => newId(OrderId, "ord");

/** A stream of these bodies, one second apart, starting with an order of `quantities`. */
export function stream(
  bodies: readonly OrderEventBody[],
  { orderId = newOrderId(), quantities = [2] }: { orderId?: OrderId; quantities?: number[] } = {},
): OrderEvent[] {
  const first = { type: "order.placed.v1", data: placedBody(orderId, quantities) } as const;
  return [first, ...bodies].map((body, at) => eventAt(orderId, at + 1, body));
}

export function eventAt(orderId: OrderId, sequence: number, body: OrderEventBody): OrderEvent {
  return {
    ...body,
    orderId,
    sequence,
    eventId: eventIdFor(orderId, sequence),
    actor: { kind: "system", id: "test" },
    occurredAtMs: PLACED_AT_MS + (sequence - 1) * 1000,
    trace: "req_test",
  } as OrderEvent;
}

type BodyOf<T extends OrderEventBody["type"]> = Extract<OrderEventBody, { type: T }>;

export const captured = (amount: number): BodyOf<"payment.captured.v1"> => ({
  type: "payment.captured.v1",
  data: { processor: "stripe", paymentId: "pi_1", amount: money(amount, CURRENCY) },
});

export const cancelled = (reason = "changed my mind"): BodyOf<"order.cancelled.v1"> => ({
  type: "order.cancelled.v1",
  data: { reason },
});

export const voided: BodyOf<"payment.voided.v1"> = {
  type: "payment.voided.v1",
  data: { processor: "stripe", paymentId: "pi_1" },
};

export const refunded = (amount: number, refundId = "re_1"): BodyOf<"payment.refunded.v1"> => ({
  type: "payment.refunded.v1",
  data: { processor: "stripe", paymentId: "pi_1", refundId, amount: money(amount, CURRENCY) },
});

export const stockReturned: BodyOf<"order.stock_returned.v1"> = {
  type: "order.stock_returned.v1",
  data: { lines: [] },
};

export const returnRequested = (
  lineId: string,
  quantity: number,
  returnId = "ret_1",
): BodyOf<"return.requested.v1"> => ({
  type: "return.requested.v1",
  data: { returnId, lines: [{ lineId: LineId.parse(lineId), quantity }], reason: "" },
});

export const returnReceived = (
  lineId: string,
  quantity: number,
  returnId = "ret_1",
): BodyOf<"return.received.v1"> => ({
  type: "return.received.v1",
  data: { returnId, lines: [{ lineId: LineId.parse(lineId), quantity }], restock: [] },
});

export const returnRefused = (returnId = "ret_1"): BodyOf<"return.refused.v1"> => ({
  type: "return.refused.v1",
  data: { returnId, reason: "worn" },
});

export const shipped = (
  lineId: string,
  quantity: number,
  shipmentId = "shp_1",
): BodyOf<"order.shipped.v1"> => ({
  type: "order.shipped.v1",
  data: {
    shipmentId,
    lines: [{ lineId: LineId.parse(lineId), quantity }],
    carrier: "Pigeon Post",
    tracking: "PP 1",
  },
});

export const refundRequested = (
  amount: number,
  refundId = "ref_1",
  lines: { lineId: LineId; quantity: number }[] = [],
): BodyOf<"refund.requested.v1"> => ({
  type: "refund.requested.v1",
  data: {
    refundId,
    amount: money(amount, CURRENCY),
    lines,
    shipping: money(0, CURRENCY),
    reason: "late",
  },
});

export const refundFailed = (refundId = "ref_1"): BodyOf<"refund.failed.v1"> => ({
  type: "refund.failed.v1",
  data: { refundId, reason: "expired_or_canceled_card" },
});

/** The processor's answer to a refund that was asked for. */
export const refundDone = (amount: number, request = "ref_1"): BodyOf<"payment.refunded.v1"> => ({
  ...refunded(amount, `re_${request}`),
  data: { ...refunded(amount, `re_${request}`).data, request },
});
