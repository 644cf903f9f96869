import fc from "fast-check";
import { describe, it } from "vitest";
import type { OrderEvent, OrderEventBody } from "../../src/orders/index.ts";
import { orderView } from "../../src/orders/order-view.ts";
import { applyEvent, foldOrder, type OrderState } from "../../src/orders/state.ts";
import { mayFollow } from "../../src/orders/transitions.ts";
import { LineId } from "../../src/shared/ids.ts";
import {
  cancelled,
  captured,
  eventAt,
  newOrderId,
  placedBody,
  refundDone,
  refunded,
  refundFailed,
  refundRequested,
  returnReceived,
  returnRefused,
  returnRequested,
  shipped,
  stockReturned,
  stream,
  voided,
} from "./placed-order.ts";

const TOTAL = 2500; // two at 10.00, and 5.00 for shipping
const units = (id: string, quantity: number) => ({ lineId: LineId.parse(id), quantity });
const received = [captured(TOTAL), returnRequested("lin_1", 1), returnReceived("lin_1", 1)];
const isIn = ({ status }: OrderState["returns"][number]) => status === "received";

describe("foldOrder", () => {
  it("makes nothing of no events", ({ expect }) => {
    expect(foldOrder([])).toBeUndefined();
  });

  it("walks the ordinary way from placed to paid", ({ expect }) => {
    expect(foldOrder(stream([]))?.status).toBe("placed");
    const paid = foldOrder(stream([captured(TOTAL)]))!;
    expect(paid).toMatchObject({ status: "paid", version: 2 });
    expect(paid.payment).toMatchObject({ status: "captured", captured: TOTAL, refunded: 0 });
  });

  it("keeps a cancelled order cancelled when its capture arrives late, and owes the money", ({
    expect,
  }) => {
    const order = foldOrder(stream([cancelled(), captured(TOTAL)]))!;
    expect(order.status).toBe("cancelled");
    expect(order.payment).toMatchObject({ status: "captured", captured: TOTAL, refunded: 0 });
    const settled = foldOrder(stream([cancelled(), captured(TOTAL), refunded(TOTAL)]))!;
    expect(settled).toMatchObject({ status: "cancelled", payment: { status: "refunded" } });
  });

  it("is fulfilled once nothing is left to send: sent, or paid back before it was", ({
    expect,
  }) => {
    const statusOf = (...events: OrderEventBody[]) =>
      foldOrder(stream([captured(TOTAL), ...events]))?.status;
    expect(statusOf(shipped("lin_1", 1))).toBe("paid");
    expect(statusOf(shipped("lin_1", 1), shipped("lin_1", 1, "shp_2"))).toBe("fulfilled");
    const half = refundRequested(1000, "ref_1", [units("lin_1", 1)]);
    expect(statusOf(half, shipped("lin_1", 1))).toBe("fulfilled");
    expect(statusOf(shipped("lin_1", 1), half)).toBe("paid");
    expect(statusOf(shipped("lin_1", 1), half, refundDone(1000))).toBe("fulfilled");
    // The refund fails: the unit is owed again, and may be sent.
    const late = [half, shipped("lin_1", 1), refundFailed(), shipped("lin_1", 1, "shp_2")];
    expect(statusOf(...late)).toBe("fulfilled");
    // A free amount says nothing about goods.
    expect(statusOf(refundRequested(1000), shipped("lin_1", 1))).toBe("paid");
  });

  it("keeps what a refused return named free for another", ({ expect }) => {
    const asked = [captured(TOTAL), returnRequested("lin_1", 2)];
    expect(() => foldOrder(stream([...asked, returnRequested("lin_1", 1, "b")]))).toThrow();
    const order = foldOrder(stream([...asked, returnRefused(), returnRequested("lin_1", 2, "b")]));
    expect(order?.returns.map(({ status }) => status)).toEqual(["refused", "requested"]);
  });

  it("calls a payment refunded only when all of it went back", ({ expect }) => {
    const part = foldOrder(stream([captured(TOTAL), refunded(1000)]))!;
    expect(part).toMatchObject({ status: "paid", payment: { status: "captured", refunded: 1000 } });
    const whole = foldOrder(stream([captured(TOTAL), refunded(1000), refunded(1500, "re_2")]))!;
    expect(whole).toMatchObject({ status: "refunded", payment: { status: "refunded" } });
  });

  it.for([
    ["a refund above the capture", [captured(TOTAL), refunded(TOTAL + 1)]],
    [
      "two refunds that together are above it",
      [captured(TOTAL), refunded(2000), refunded(501, "b")],
    ],
    ["a capture above the authorization", [captured(TOTAL + 1)]],
    ["a second capture", [captured(TOTAL), captured(TOTAL)]],
    ["a second cancellation", [cancelled(), cancelled()]],
    ["a refund of nothing captured", [cancelled(), refunded(1)]],
    ["a void without a cancellation", [voided]],
    ["a capture after the void", [cancelled(), voided, captured(TOTAL)]],
    ["stock back twice", [cancelled(), stockReturned, stockReturned]],
    ["stock back from an order that stands", [captured(TOTAL), stockReturned]],
    ["a return before payment", [returnRequested("lin_1", 1)]],
    ["a shipment before payment", [shipped("lin_1", 1)]],
    ["a shipment of more than was bought", [captured(TOTAL), shipped("lin_1", 3)]],
    [
      "shipments that together are more",
      [captured(TOTAL), shipped("lin_1", 1), shipped("lin_1", 2, "shp_2")],
    ],
    ["a shipment of a cancelled order", [captured(TOTAL), cancelled(), shipped("lin_1", 1)]],
    ["a cancellation after a shipment", [captured(TOTAL), shipped("lin_1", 1), cancelled()]],
    [
      "a cancellation after goods came back by themselves",
      [captured(TOTAL), returnRequested("lin_1", 1), returnReceived("lin_1", 1), cancelled()],
    ],
    [
      "a shipment while all of the money is on its way back",
      [captured(TOTAL), refundRequested(TOTAL), shipped("lin_1", 1)],
    ],
    ["a refund asked for before payment", [refundRequested(1)]],
    [
      "refunds asked for that together are above the capture",
      [captured(TOTAL), refundRequested(2000), refundRequested(501, "ref_2")],
    ],
    [
      "a refund of units paid back before",
      [
        captured(TOTAL),
        refundRequested(1000, "ref_1", [units("lin_1", 2)]),
        refundRequested(100, "ref_2", [units("lin_1", 1)]),
      ],
    ],
    [
      "another amount than was asked for",
      [captured(TOTAL), refundRequested(1000), refundDone(999)],
    ],
    [
      "a refund settled twice",
      [captured(TOTAL), refundRequested(9), refundDone(9), refundFailed()],
    ],
    ["a return received twice", [...received, returnReceived("lin_1", 1)]],
    ["a return refused after it was received", [...received, returnRefused()]],
    ["a return that nobody asked for", [captured(TOTAL), returnReceived("lin_1", 1)]],
    [
      "more received than was announced",
      [captured(TOTAL), returnRequested("lin_1", 1), returnReceived("lin_1", 2)],
    ],
  ] satisfies [string, OrderEventBody[]][])("refuses %s", ([, bodies], { expect }) => {
    expect(() => foldOrder(stream(bodies))).toThrow();
  });

  it("refuses gaps, repeats, strangers and streams without a beginning", ({ expect }) => {
    const [first, second] = stream([captured(TOTAL)]) as [OrderEvent, OrderEvent];
    expect(() => foldOrder([second])).toThrow("cannot begin");
    expect(() => foldOrder([first, { ...second, sequence: 3 }])).toThrow("gap or repeat");
    expect(() => foldOrder([first, second, second])).toThrow("gap or repeat");
    expect(() => foldOrder([first, { ...second, orderId: newOrderId() }])).toThrow("another order");
    expect(() => foldOrder([{ ...first, sequence: 2 }])).toThrow("first event is missing");
  });
});

const BODIES = [
  captured(TOTAL),
  cancelled(),
  voided,
  refunded(700),
  refunded(TOTAL),
  stockReturned,
  returnRequested("lin_1", 1),
  returnRequested("lin_1", 1, "ret_2"),
  returnReceived("lin_1", 1),
  returnReceived("lin_1", 1, "ret_2"),
  returnRefused(),
  shipped("lin_1", 1),
  shipped("lin_1", 1, "shp_2"),
  refundRequested(1000, "ref_1", [units("lin_1", 1)]),
  refundRequested(1500, "ref_2"),
  refundDone(1000),
  refundDone(1500, "ref_2"),
  refundFailed(),
];

/** Any walk that takes each offered event if the table and the fold allow it. */
const walk = fc.array(fc.constantFrom(...BODIES), { maxLength: 20 }).map((offered) => {
  const orderId = newOrderId();
  const first = { type: "order.placed.v1", data: placedBody(orderId) } as const;
  const events = [eventAt(orderId, 1, first)];
  let state: OrderState = foldOrder(events)!;
  for (const body of offered) {
    if (!mayFollow(state, body.type)) continue;
    const event = eventAt(orderId, state.version + 1, body);
    const next = folds(state, event);
    if (!next) continue;
    state = next;
    events.push(event);
  }
  return { events, state };
});

function folds(state: OrderState, event: OrderEvent): OrderState | undefined {
  try {
    return applyEvent(state, event);
  } catch {
    return undefined;
  }
}

const count = (lines: readonly { quantity: number }[]): number =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0);

describe("any legal sequence", () => {
  it("folds to the state that it was built through, and its view adds up", ({ expect }) => {
    fc.assert(
      fc.property(walk, ({ events, state }) => {
        expect(foldOrder(events)).toEqual(state);
        const view = orderView(state);
        expect(view.version).toBe(events.length);
        const { subtotal, discount, shipping, tax, total } = view.totals;
        const lines = view.lines.reduce((sum, line) => sum + line.total.amount, 0);
        expect(subtotal.amount).toBe(lines);
        expect(total.amount).toBe(lines - discount.amount + shipping.amount + tax.amount);
        expect(view.payment.refunded.amount).toBeLessThanOrEqual(view.payment.captured.amount);
        expect([0, total.amount]).toContain(view.payment.captured.amount);
      }),
    );
  });

  it("never ships, takes back or pays back more than there was", ({ expect }) => {
    let reached = 0;
    fc.assert(
      fc.property(walk, ({ state }) => {
        const { status, payment, parcels, returns, refunds } = state;
        const bought = count(state.placed.lines);
        const sent = count(parcels.flatMap(({ lines }) => lines));
        const back = returns.filter((each) => each.status !== "refused");
        const alive = refunds.filter((each) => each.status !== "failed");
        const pending = alive.filter((each) => each.status === "pending");
        const dropped = count(alive.flatMap((each) => each.dropped));
        expect(sent).toBeLessThanOrEqual(bought);
        expect(count(back.flatMap(({ lines }) => lines))).toBeLessThanOrEqual(bought);
        expect(count(alive.flatMap(({ lines }) => lines))).toBeLessThanOrEqual(bought);
        const owed = pending.reduce((sum, { amount }) => sum + amount.amount, 0);
        // Money that the processor sent back unasked may overtake what is asked for, never the capture.
        const asked = alive.reduce((sum, { amount }) => sum + amount.amount, 0);
        expect(Math.min(payment.refunded + owed, asked)).toBeLessThanOrEqual(payment.captured);
        if (status === "cancelled") expect([sent, state.returns.filter(isIn)]).toEqual([0, []]);
        if (status === "fulfilled") {
          reached += 1;
          expect(sent).toBeGreaterThan(0);
        }
        if (status === "paid" && sent > 0)
          expect(sent + dropped).toBeLessThan(bought + pending.length);
      }),
      { seed: 20_261_120, numRuns: 2_000 },
    );
    expect(reached).toBeGreaterThan(0);
  });

  it("cannot be folded with one event dropped from within or one repeated", ({ expect }) => {
    const damaged = walk
      .filter(({ events }) => events.length > 2)
      .chain(({ events }) => fc.tuple(fc.constant(events), fc.nat(events.length - 2)));
    fc.assert(
      fc.property(damaged, ([events, at]) => {
        expect(() => foldOrder(events.toSpliced(at, 1))).toThrow();
        expect(() => foldOrder(events.toSpliced(at, 0, events[at]!))).toThrow();
      }),
    );
  });

  it("was each moment's truth: a prefix is the order as it was", ({ expect }) => {
    fc.assert(
      fc.property(walk, ({ events }) => {
        for (let length = 1; length <= events.length; length += 1) {
          expect(foldOrder(events.slice(0, length))?.version).toBe(length);
        }
      }),
    );
  });
});
