import fc from "fast-check";
import { describe, it } from "vitest";
import type { OrderEvent, OrderEventBody } from "../../src/orders/index.ts";
import {
  applyEvent,
  foldOrder,
  mayFollow,
  type OrderState,
  orderView,
} from "../../src/orders/state.ts";
import {
  cancelled,
  captured,
  eventAt,
  newOrderId,
  placedBody,
  refunded,
  returnRequested,
  stockReturned,
  stream,
  voided,
} from "./placed-order.ts";

const TOTAL = 2500; // two at 10.00, and 5.00 for shipping

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
];

/** Any walk that takes each offered event if the table allows it and the money is there. */
const walk = fc.array(fc.constantFrom(...BODIES), { maxLength: 12 }).map((offered) => {
  const orderId = newOrderId();
  const first = { type: "order.placed.v1", data: placedBody(orderId) } as const;
  const events = [eventAt(orderId, 1, first)];
  let state: OrderState = foldOrder(events)!;
  for (const body of offered) {
    const rest = state.payment.captured - state.payment.refunded;
    if (body.type === "payment.refunded.v1" && body.data.amount.amount > rest) continue;
    if (!mayFollow(state, body.type)) continue;
    const event = eventAt(orderId, state.version + 1, body);
    state = applyEvent(state, event);
    events.push(event);
  }
  return { events, state };
});

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
