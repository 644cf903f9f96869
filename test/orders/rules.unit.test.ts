import fc from "fast-check";
import { describe, it } from "vitest";
import { cursorAfter, EventPage } from "../../src/orders/event-page.ts";
import { orderEnvelope, queuesOf } from "../../src/orders/events.ts";
import { publicEvent, staffEvent } from "../../src/orders/public-event.ts";
import { whyNotReturn } from "../../src/orders/request-return.ts";
import { foldOrder } from "../../src/orders/state.ts";
import { Envelope } from "../../src/platform/queues/envelope.ts";
import { LineId } from "../../src/shared/ids.ts";
import { cancelled, captured, refunded, returnRequested, stream } from "./placed-order.ts";

const line = (id: string, quantity: number) => ({ lineId: LineId.parse(id), quantity });

describe("whyNotReturn", () => {
  const paid = foldOrder(stream([captured(5500)], { quantities: [2, 3] }))!;

  it("allows what was bought and not returned yet", ({ expect }) => {
    expect(whyNotReturn(paid, [line("lin_1", 2), line("lin_2", 3)])).toBeUndefined();
  });

  it("counts earlier returns, and a line named twice, against what was bought", ({ expect }) => {
    const events = [captured(5500), returnRequested("lin_2", 2)];
    const order = foldOrder(stream(events, { quantities: [2, 3] }))!;
    expect(whyNotReturn(order, [line("lin_2", 1)])).toBeUndefined();
    expect(whyNotReturn(order, [line("lin_2", 2)])).toEqual({
      code: "quantity_exceeded",
      lineId: "lin_2",
      left: 1,
    });
    expect(whyNotReturn(paid, [line("lin_1", 1), line("lin_1", 2)])).toMatchObject({
      code: "quantity_exceeded",
    });
  });

  it("names a line that was not bought", ({ expect }) => {
    expect(whyNotReturn(paid, [line("lin_9", 1)])).toEqual({
      code: "line_unknown",
      lineId: "lin_9",
    });
  });

  it("refuses before payment and after cancellation, and bounds the number of returns", ({
    expect,
  }) => {
    for (const events of [stream([]), stream([cancelled()])]) {
      const order = foldOrder(events)!;
      expect(whyNotReturn(order, [line("lin_1", 1)])).toEqual({
        code: "order_conflict",
        status: order.status,
      });
    }
    const many = Array.from({ length: 50 }, (_, at) => returnRequested("lin_1", 1, `ret_${at}`));
    const order = foldOrder(stream([captured(100_500), ...many], { quantities: [100] }))!;
    expect(whyNotReturn(order, [line("lin_1", 1)])).toEqual({
      code: "limit_reached",
      of: "returns",
      max: 50,
    });
  });
});

describe("queuesOf", () => {
  it("sends a capture to refunds only when the order was cancelled under it", ({ expect }) => {
    expect(queuesOf("payment.captured.v1", "paid")).toEqual(["ORDERS_QUEUE", "COMMS_QUEUE"]);
    expect(queuesOf("payment.captured.v1", "cancelled")).toContain("REFUNDS_QUEUE");
    expect(queuesOf("order.placed.v1", "cancelled")).toEqual(["ORDERS_QUEUE"]);
    expect([...queuesOf("order.cancelled.v1", "cancelled")].sort()).toEqual([
      "COMMS_QUEUE",
      "ORDERS_QUEUE",
      "REFUNDS_QUEUE",
    ]);
    expect(queuesOf("payment.refunded.v1", "cancelled")).toEqual(["COMMS_QUEUE"]);
  });
});

describe("orderEnvelope", () => {
  it("says where to look and nothing of what is there", ({ expect }) => {
    const [event] = stream([]);
    const envelope = Envelope.parse(orderEnvelope(event!));
    expect(envelope.data).toEqual({ orderId: event!.orderId, sequence: 1 });
    expect(JSON.stringify(envelope)).not.toMatch(/ada@example|Analytical/);
  });
});

describe("publicEvent", () => {
  it("hides the cart, the checkout, the payment's id, the request and who of the staff it was", ({
    expect,
  }) => {
    const cancellation = { ...cancelled(), data: { reason: "r", request: "hash" } };
    const events = stream([cancellation, captured(2500), refunded(2500)]);
    const shown = JSON.stringify(events.map(publicEvent));
    const [first] = events;
    if (first?.type !== "order.placed.v1") throw new Error("a stream begins with its placing");
    const { checkoutId, quoteId, cartOwner, payment } = first.data;
    for (const hidden of [
      checkoutId,
      quoteId,
      cartOwner,
      payment.paymentId,
      "pi_1",
      "re_1",
      "hash",
    ]) {
      expect(shown).not.toContain(hidden);
    }
    expect(shown).not.toMatch(/"id":"test"|holdId|trace/);
    expect(JSON.stringify(events.map(staffEvent))).toContain(cartOwner);
  });
});

describe("the cursor of an order's events", () => {
  it("comes back as the sequence it was made of", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (sequence) => {
        expect(EventPage.parse({ cursor: cursorAfter(sequence) }).cursor).toBe(sequence);
      }),
    );
  });

  it("is refused when it is anything else", ({ expect }) => {
    const wrong = [
      "",
      "1",
      "%%%",
      btoa("events:"),
      btoa("events:-1"),
      btoa("events:1e3"),
      btoa("x:1"),
    ];
    for (const cursor of wrong) {
      expect(EventPage.safeParse({ cursor }).success, cursor).toBe(false);
    }
    for (const limit of ["0", "101", "x", "1.5"]) {
      expect(EventPage.safeParse({ limit }).success, limit).toBe(false);
    }
  });
});
