import { assert } from "../shared/assert.ts";
import type { OrderId } from "../shared/ids.ts";
import { type Minor, minor, sumMinor } from "../shared/money.ts";
import type { EventData, LineUnits, OrderEvent, OrderStatus, PaymentStatus } from "./model.ts";
import { FIRST_SHIPMENT, plannedShipments, unitsDropped, unitsLeftOf } from "./shipments.ts";
import { mayFollow, refundableOf, statusAfter } from "./transitions.ts";
import {
  exceeding,
  sumUnits,
  unitsIn,
  unitsToRefund,
  unitsToReturn,
  unitsToShip,
} from "./units.ts";
import { sumOf, type VoucherPart, vouchersLeft } from "./voucher-share.ts";

type Parcel = EventData<"order.shipped.v1"> & {
  /** The planned shipment that it is a part of. */
  readonly of: string;
  readonly shippedAtMs: number;
};

type Return = EventData<"return.requested.v1"> & {
  readonly status: "requested" | "received" | "refused";
  /** What arrived, once it did. */
  readonly received: readonly LineUnits[];
  readonly restock: Readonly<EventData<"return.received.v1">["restock"]>;
  readonly restocked: boolean;
};

type Refund = EventData<"refund.requested.v1"> & {
  /** Pending until both its parts are back: the processor's and the vouchers'. */
  readonly status: "pending" | "refunded" | "failed";
  readonly paidBack: boolean;
  readonly credited: boolean;
  /** Units of it that were not sent when it was asked for, and now need not be. */
  readonly dropped: readonly (LineUnits & { of: string })[];
};

/** An order at one moment: the fold of its events up to `version`. */
export type OrderState = {
  readonly id: OrderId;
  readonly status: OrderStatus;
  readonly placed: EventData<"order.placed.v1">;
  readonly payment: {
    readonly status: PaymentStatus;
    readonly captured: Minor;
    readonly refunded: Minor;
    /** How many captures the processor refused: the next has a key of its own. */
    readonly captureFailures: number;
    /** The processor's names of the refunds in `refunded`. */
    readonly refundIds: readonly string[];
  };
  /** The requests that asked for another capture. */
  readonly captureRequests: readonly string[];
  readonly cancellation: EventData<"order.cancelled.v1"> | undefined;
  readonly stockReturned: boolean;
  /** What left, in the order in which it did. */
  readonly parcels: readonly Parcel[];
  readonly returns: readonly Return[];
  readonly refunds: readonly Refund[];
  /** The account that it belongs to: it was placed signed in, or claimed since. */
  readonly ownerId: string | undefined;
  /** Whether what said who bought it is gone. */
  readonly isErased: boolean;
  readonly placedAtMs: number;
  readonly lastEventAtMs: number;
  readonly version: number;
};

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
    status: statusAfter(event.type, state.status),
    lastEventAtMs: event.occurredAtMs,
    version: event.sequence,
  };
  switch (event.type) {
    case "payment.captured.v1":
      return captured(advanced, event.data);
    case "payment.capture_accepted.v1":
      return { ...advanced, payment: { ...state.payment, status: "pending" } };
    case "payment.capture_failed.v1": {
      const captureFailures = state.payment.captureFailures + 1;
      return { ...advanced, payment: { ...state.payment, status: "failed", captureFailures } };
    }
    case "payment.capture_requested.v1":
      return {
        ...advanced,
        payment: { ...state.payment, status: "authorized" },
        captureRequests: [...state.captureRequests, event.data.request],
      };
    case "payment.voided.v1":
      return { ...advanced, payment: { ...state.payment, status: "voided" } };
    case "payment.refunded.v1":
      return refunded(advanced, event.data);
    case "order.cancelled.v1":
      return { ...advanced, cancellation: event.data };
    case "order.stock_returned.v1":
      return { ...advanced, stockReturned: true };
    case "return.requested.v1":
    case "return.received.v1":
    case "return.refused.v1":
    case "return.restocked.v1":
      return { ...advanced, returns: changedReturns(advanced, event) };
    case "order.shipped.v1":
      return shipped(advanced, event.data, event.occurredAtMs);
    case "refund.requested.v1":
      return { ...advanced, refunds: [...state.refunds, askedRefund(advanced, event.data)] };
    case "voucher.credited.v1":
      return credited(advanced, event.data);
    case "refund.failed.v1": {
      const failed = { status: "failed" as const };
      return { ...advanced, refunds: changedRefund(advanced, event.data.refundId, failed) };
    }
    case "order.claimed.v1":
      return { ...advanced, ownerId: event.data.userId };
    case "order.erased.v1":
      return { ...advanced, isErased: true };
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
    payment: {
      status: "authorized",
      captured: minor(0),
      refunded: minor(0),
      captureFailures: 0,
      refundIds: [],
    },
    captureRequests: [],
    cancellation: undefined,
    stockReturned: false,
    parcels: [],
    returns: [],
    refunds: [],
    ownerId: ownerIdOf(event.data),
    isErased: false,
    placedAtMs: event.occurredAtMs,
    lastEventAtMs: event.occurredAtMs,
    version: 1,
  };
}

/** The cart of a signed-in shopper is named after their account. */
const ownerIdOf = ({ cartOwner }: EventData<"order.placed.v1">): string | undefined =>
  /^user:(.+)$/.exec(cartOwner)?.[1];

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
  const { request } = data;
  const news = { paidBack: true } as const;
  const refunds = request === undefined ? state.refunds : changedRefund(state, request, news);
  const asked = refunds.find(({ refundId }) => refundId === request);
  assert(request === undefined || asked, `no refund ${request} is waited for`);
  assert(!asked || asked.amount.amount === data.amount.amount, "refunded another amount");
  const whole = total === state.payment.captured;
  const after: OrderState = {
    ...state,
    refunds,
    payment: {
      ...state.payment,
      status: whole ? "refunded" : "captured",
      refunded: total,
      refundIds: [...state.payment.refundIds, data.refundId],
    },
  };
  return wholeBack(after);
}

function askedRefund(state: OrderState, data: EventData<"refund.requested.v1">): Refund {
  const { refunds } = state;
  assert(!refunds.some(({ refundId }) => refundId === data.refundId), "a refund asked for twice");
  assert(data.amount.currency === state.placed.totals.total.currency, "asked in another currency");
  const { vouchers = [] } = data;
  assert(data.amount.amount + sumOf(vouchers) > 0, "a refund moves money");
  assert(data.amount.amount >= 0, "a refund takes nothing");
  assert(data.amount.amount <= refundableOf(state), "asked back more than was captured");
  const left = vouchersLeft(state);
  const within = ({ id, amount }: VoucherPart) =>
    amount.amount > 0 && amount.amount <= (left.find((part) => part.id === id)?.amount.amount ?? 0);
  assert(vouchers.every(within), "gives a voucher back more than it paid");
  assert(!exceeding(unitsToRefund(state), data.lines), "pays back more than was bought");
  // Goods of a return were sent once; of others, those that were not sent stay here.
  const dropped = data.returnId === undefined ? unitsDropped(state, data.lines) : [];
  const paidBack = data.amount.amount === 0;
  return { ...data, status: "pending", paidBack, credited: vouchers.length === 0, dropped };
}

function credited(state: OrderState, data: EventData<"voucher.credited.v1">): OrderState {
  const { refundId, vouchers } = data;
  const asked = state.refunds.find((refund) => refund.refundId === refundId);
  assert(asked?.paidBack, "a voucher is credited after the money went back");
  assert(sumOf(vouchers) === sumOf(asked.vouchers ?? []), "credited another amount");
  return wholeBack({ ...state, refunds: changedRefund(state, refundId, { credited: true }) });
}

type RefundNews = { status: "failed" } | { paidBack: true } | { credited: true };

/** The refunds with news of this one, which settles once. */
function changedRefund(state: OrderState, id: string, news: RefundNews): Refund[] {
  return state.refunds.map((refund) => {
    if (refund.refundId !== id) return refund;
    assert(refund.status === "pending", `refund ${id} is ${refund.status} already`);
    for (const part of ["paidBack", "credited"] as const) {
      assert(!(part in news && refund[part]), `${part} of refund ${id} twice`);
    }
    const sentMoney = refund.paidBack && refund.amount.amount > 0;
    assert(!("status" in news && sentMoney), "a refund failed after its money went back");
    const changed = { ...refund, ...news };
    const isDone = changed.status === "pending" && changed.paidBack && changed.credited;
    return isDone ? { ...changed, status: "refunded" } : changed;
  });
}

/** An order is refunded once all that was paid for it is back, on cards and on vouchers. */
function wholeBack(state: OrderState): OrderState {
  const { payment, refunds, status } = state;
  const isBack =
    payment.refunded === payment.captured &&
    sumOf(vouchersLeft(state)) === 0 &&
    !refunds.some((refund) => refund.status === "pending");
  if (isBack && status !== "cancelled") return { ...state, status: "refunded" };
  return fulfilledIfSent(state);
}

function shipped(
  state: OrderState,
  data: EventData<"order.shipped.v1">,
  shippedAtMs: number,
): OrderState {
  const { parcels } = state;
  const { of = FIRST_SHIPMENT } = data;
  assert(!parcels.some((each) => each.shipmentId === data.shipmentId), "a parcel twice");
  const planned = plannedShipments(state).find(({ id }) => id === of);
  assert(planned, "a parcel of no shipment");
  assert(!exceeding(unitsLeftOf(state, planned), data.lines), "ships more than was bought");
  return fulfilledIfSent({ ...state, parcels: [...parcels, { ...data, of, shippedAtMs }] });
}

/** An order is fulfilled once something was sent and nothing is left to send. */
function fulfilledIfSent(state: OrderState): OrderState {
  const isSent = state.parcels.length > 0 && unitsIn(unitsToShip(state)).length === 0;
  return state.status === "paid" && isSent ? { ...state, status: "fulfilled" } : state;
}

type ReturnEvent = Extract<OrderEvent, { type: `return.${string}` }>;

function changedReturns(state: OrderState, event: ReturnEvent): Return[] {
  const { data } = event;
  const known = state.returns.find(({ returnId }) => returnId === data.returnId);
  if (event.type === "return.requested.v1") {
    assert(!known, "a return asked for twice");
    assert(!exceeding(unitsToReturn(state), event.data.lines), "returns more than was bought");
    const fresh = { status: "requested", received: [], restock: [], restocked: false } as const;
    return [...state.returns, { ...event.data, ...fresh }];
  }
  assert(known, `no return ${data.returnId} was asked for`);
  return state.returns.map((each) => (each === known ? changedReturn(known, event) : each));
}

function changedReturn(
  known: Return,
  event: Exclude<ReturnEvent, { type: "return.requested.v1" }>,
): Return {
  if (event.type === "return.restocked.v1") {
    assert(known.status === "received" && !known.restocked, "restocked without being received");
    return { ...known, restocked: true };
  }
  assert(known.status === "requested", `the return is ${known.status} already`);
  if (event.type === "return.refused.v1") {
    return { ...known, status: "refused", reason: event.data.reason };
  }
  const { lines: received, restock } = event.data;
  assert(!exceeding(sumUnits(known.lines), received), "received more than was asked for");
  return { ...known, status: "received", received, restock, restocked: restock.length === 0 };
}
