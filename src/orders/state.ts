import { assert } from "../shared/assert.ts";
import { timestamp } from "../shared/clock.ts";
import type { OrderId } from "../shared/ids.ts";
import { type Minor, minor, money, sumMinor } from "../shared/money.ts";
import type {
  EventData,
  OrderEvent,
  OrderEventType,
  OrderStatus,
  OrderView,
  PaymentStatus,
} from "./model.ts";

type Return = { returnId: string; lines: EventData<"return.requested.v1">["lines"] };

/** An order at one moment: the fold of its events up to `version`. */
export type OrderState = {
  readonly id: OrderId;
  readonly status: OrderStatus;
  readonly placed: EventData<"order.placed.v1">;
  readonly payment: {
    readonly status: PaymentStatus;
    readonly captured: Minor;
    readonly refunded: Minor;
    /** The processor's names of the refunds in `refunded`. */
    readonly refundIds: readonly string[];
  };
  readonly cancellation: EventData<"order.cancelled.v1"> | undefined;
  readonly stockReturned: boolean;
  readonly returns: readonly Return[];
  readonly placedAtMs: number;
  readonly lastEventAtMs: number;
  readonly version: number;
};

/**
 * Which event may follow in which status, and what the status becomes. A capture may arrive after the
 * cancellation that it raced: the order stays cancelled, and the money has to go back.
 */
const STATUS_AFTER: Record<OrderEventType, Partial<Record<OrderStatus | "none", OrderStatus>>> = {
  "order.placed.v1": { none: "placed" },
  "payment.captured.v1": { placed: "paid", cancelled: "cancelled" },
  "order.cancelled.v1": { placed: "cancelled", paid: "cancelled" },
  "payment.voided.v1": { cancelled: "cancelled" },
  "payment.refunded.v1": { paid: "paid", fulfilled: "fulfilled", cancelled: "cancelled" },
  "order.stock_returned.v1": { cancelled: "cancelled" },
  "return.requested.v1": { paid: "paid", fulfilled: "fulfilled" },
};

/** Events that move money must also fit where the money is. */
const PAYMENT_AFTER: Partial<
  Record<OrderEventType, Partial<Record<PaymentStatus, PaymentStatus>>>
> = {
  "payment.captured.v1": { authorized: "captured" },
  "payment.voided.v1": { authorized: "voided" },
  "payment.refunded.v1": { captured: "captured" },
};

/** Whether an event of this type may be appended to an order in this state. */
export function mayFollow(state: OrderState, type: OrderEventType): boolean {
  const payments = PAYMENT_AFTER[type];
  return (
    STATUS_AFTER[type][state.status] !== undefined &&
    (payments === undefined || payments[state.payment.status] !== undefined) &&
    !(type === "order.stock_returned.v1" && state.stockReturned)
  );
}

/** The order that these events make, oldest first; `undefined` when there are none. Throws on a stream that cannot be. */
export function foldOrder(events: readonly OrderEvent[]): OrderState | undefined {
  return events.reduce<OrderState | undefined>(applyEvent, undefined);
}

export function applyEvent(state: OrderState | undefined, event: OrderEvent): OrderState {
  if (!state) return placedOrder(event);
  assert(event.orderId === state.id, "an event of another order");
  assert(event.sequence === state.version + 1, `gap or repeat at sequence ${event.sequence}`);
  assert(mayFollow(state, event.type), `${event.type} cannot follow ${state.status}`);
  const advanced: OrderState = {
    ...state,
    status: STATUS_AFTER[event.type][state.status] ?? state.status,
    lastEventAtMs: event.occurredAtMs,
    version: event.sequence,
  };
  switch (event.type) {
    case "payment.captured.v1":
      return captured(advanced, event.data);
    case "payment.voided.v1":
      return { ...advanced, payment: { ...state.payment, status: "voided" } };
    case "payment.refunded.v1":
      return refunded(advanced, event.data);
    case "order.cancelled.v1":
      return { ...advanced, cancellation: event.data };
    case "order.stock_returned.v1":
      return { ...advanced, stockReturned: true };
    case "return.requested.v1":
      return { ...advanced, returns: [...state.returns, event.data] };
    case "order.placed.v1":
      return advanced; // Refused above: `placed` follows nothing.
  }
}

function placedOrder(event: OrderEvent): OrderState {
  assert(event.type === "order.placed.v1", `a stream cannot begin with ${event.type}`);
  assert(event.sequence === 1, "the first event is missing");
  return {
    id: event.orderId,
    status: "placed",
    placed: event.data,
    payment: { status: "authorized", captured: minor(0), refunded: minor(0), refundIds: [] },
    cancellation: undefined,
    stockReturned: false,
    returns: [],
    placedAtMs: event.occurredAtMs,
    lastEventAtMs: event.occurredAtMs,
    version: 1,
  };
}

function captured(state: OrderState, data: EventData<"payment.captured.v1">): OrderState {
  const { authorized } = state.placed.payment;
  assert(data.amount.currency === authorized.currency, "captured in another currency");
  assert(
    data.amount.amount >= 0 && data.amount.amount <= authorized.amount,
    "captured more than was authorized",
  );
  const amount = minor(data.amount.amount);
  return { ...state, payment: { ...state.payment, status: "captured", captured: amount } };
}

function refunded(state: OrderState, data: EventData<"payment.refunded.v1">): OrderState {
  assert(data.amount.currency === state.placed.totals.total.currency, "refunded another currency");
  assert(data.amount.amount > 0, "a refund moves money");
  const total = sumMinor([state.payment.refunded, data.amount.amount]);
  assert(total <= state.payment.captured, "refunded more than was captured");
  const whole = total === state.payment.captured;
  return {
    ...state,
    status: whole && state.status !== "cancelled" ? "refunded" : state.status,
    payment: {
      ...state.payment,
      status: whole ? "refunded" : "captured",
      refunded: total,
      refundIds: [...state.payment.refundIds, data.refundId],
    },
  };
}

/** The public order of API.md. */
export function orderView(state: OrderState): OrderView {
  const { placed, payment } = state;
  const { currency } = placed.totals.total;
  return {
    id: state.id,
    number: placed.number,
    status: state.status,
    email: placed.email,
    lines: placed.lines,
    totals: placed.totals,
    shippingAddress: placed.shippingAddress,
    shippingMethod: placed.shippingMethod,
    payment: {
      status: payment.status,
      processor: placed.payment.processor,
      captured: money(payment.captured, currency),
      refunded: money(payment.refunded, currency),
    },
    createdAt: timestamp(state.placedAtMs),
    version: state.version,
  };
}
