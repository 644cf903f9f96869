import fc from "fast-check";
import { describe, it } from "vitest";
import type { OrderEventBody } from "../../src/orders/model.ts";
import { orderView } from "../../src/orders/order-view.ts";
import { paidByLine, planRefund, type RefundWish } from "../../src/orders/plan-refund.ts";
import { applyEvent, foldOrder, type OrderState } from "../../src/orders/state.ts";
import { sumOf, vouchersLeft } from "../../src/orders/voucher-share.ts";
import { LineId, VoucherId } from "../../src/shared/ids.ts";
import { money } from "../../src/shared/money.ts";
import {
  cancelled,
  captured,
  eventAt,
  newOrderId,
  placedBody,
  refundDone,
  shipped,
} from "./placed-order.ts";

const usd = (amount: number) => money(amount, "USD");
const units = (quantity: number, at = 1) => ({ lineId: LineId.parse(`lin_${at}`), quantity });
const giftOf = (at: number) => VoucherId.parse(`vou_${at}`);

/** Two lines at 10.00 with 5.00 for shipping, of which vouchers paid these amounts. */
function paidWith(vouchers: readonly number[], quantities = [2, 1]): OrderState {
  const orderId = newOrderId();
  const plain = placedBody(orderId, quantities);
  const voucher = vouchers.reduce((sum, amount) => sum + amount, 0);
  const total = plain.totals.total.amount - voucher;
  const data = {
    ...plain,
    totals: { ...plain.totals, voucher: usd(voucher), total: usd(total) },
    vouchers: vouchers.map((amount, at) => ({
      id: giftOf(at),
      code: "••••AAAA",
      amount: usd(amount),
    })),
    payment: { ...plain.payment, authorized: usd(total) },
  };
  return foldOrder([
    eventAt(orderId, 1, { type: "order.placed.v1", data }),
    eventAt(orderId, 2, captured(total)),
  ])!;
}

const following = (state: OrderState, ...bodies: OrderEventBody[]): OrderState =>
  bodies.reduce((now, body) => applyEvent(now, eventAt(now.id, now.version + 1, body)), state);

/** Asks for a refund; undefined where there is none to have. */
function asked(state: OrderState, wish: RefundWish, refundId: string): OrderState | undefined {
  const plan = planRefund(state, wish);
  if (!plan.ok) return undefined;
  const data = { refundId, ...plan.value, reason: "late" };
  return following(state, { type: "refund.requested.v1", data });
}

/** What settles a refund that was asked for. */
function settling(state: OrderState, refundId: string): OrderEventBody[] {
  const { amount, vouchers = [] } = state.refunds.find((each) => each.refundId === refundId)!;
  return [
    ...(amount.amount > 0 ? [refundDone(amount.amount, refundId)] : []),
    ...(vouchers.length > 0
      ? [{ type: "voucher.credited.v1", data: { refundId, vouchers } } as const]
      : []),
  ];
}

function refunded(state: OrderState, wish: RefundWish, refundId: string): OrderState {
  const pending = asked(state, wish, refundId);
  if (!pending) throw new Error("no such refund");
  return following(pending, ...settling(pending, refundId));
}

const returned = (state: OrderState) =>
  sumOf(state.placed.vouchers ?? []) - sumOf(vouchersLeft(state));

describe("a refund of what a voucher paid in part", () => {
  it("gives each back its own part of a line, to the last minor unit", ({ expect }) => {
    // 35.00 in all, 7.01 of it by voucher.
    const order = paidWith([701]);
    const parts = paidByLine(order.placed).flatMap(({ goods, shipping, byVoucher }) => [
      [goods, byVoucher.goods],
      [shipping, byVoucher.shipping],
    ]);
    expect(parts.reduce((sum, [, voucher]) => sum + voucher!, 0)).toBe(701);
    expect(parts.reduce((sum, [paid]) => sum + paid!, 0)).toBe(2_799);
    // 20.00 were paid with 15.99 and 4.01; one of two units costs 10.00 all the same.
    expect(planRefund(order, { lines: [units(1)] })).toMatchObject({
      ok: true,
      value: { amount: usd(799), vouchers: [{ id: giftOf(0), amount: usd(201) }] },
    });
    const rest = refunded(order, { lines: [units(2), units(1, 2)], shipping: true }, "ref_1");
    expect([rest.status, rest.payment.refunded, returned(rest)]).toEqual(["refunded", 2_799, 701]);
  });

  it("splits a free amount as the rest was paid", ({ expect }) => {
    const order = paidWith([1_750]);
    expect(planRefund(order, { amountMinor: 101 })).toMatchObject({
      value: { amount: usd(51), vouchers: [{ amount: usd(50) }] },
    });
    expect(planRefund(order, { amountMinor: 3_501 })).toMatchObject({
      error: { code: "refund_exceeds", refundable: usd(3_500) },
    });
  });

  it("fills vouchers in their order, each with no more than it paid", ({ expect }) => {
    const order = paidWith([100, 3_400]);
    const first = refunded(order, { lines: [units(1)] }, "ref_1");
    expect(first.refunds[0]).toMatchObject({
      amount: usd(0),
      vouchers: [
        { id: giftOf(0), amount: usd(100) },
        { id: giftOf(1), amount: usd(900) },
      ],
    });
    expect(first.status).toBe("paid");
    expect(refunded(first, {}, "ref_2").status).toBe("refunded");
  });

  it("is pending until both parts are back, and free again when the processor refuses", ({
    expect,
  }) => {
    const pending = asked(paidWith([700]), { lines: [units(1)] }, "ref_1")!;
    const [money, credit] = settling(pending, "ref_1");
    const half = following(pending, money!);
    expect(half.refunds[0]?.status).toBe("pending");
    expect(planRefund(half, {})).toMatchObject({ value: { amount: usd(2_000) } });
    expect(following(half, credit!).refunds[0]?.status).toBe("refunded");
    expect(() => following(pending, credit!)).toThrow("after the money");
    expect(() => following(half, credit!, credit!)).toThrow();
    const failed = { type: "refund.failed.v1", data: { refundId: "ref_1", reason: "x" } } as const;
    expect(returned(following(pending, failed))).toBe(0);
    expect(() => following(half, failed)).toThrow("after its money went back");
  });

  it("lets no more go to a voucher than it paid, whoever asks", ({ expect }) => {
    const order = paidWith([700]);
    const data = {
      refundId: "ref_1",
      amount: usd(0),
      vouchers: [{ id: giftOf(0), amount: usd(701) }],
      lines: [],
      shipping: usd(0),
      reason: "",
    };
    expect(() => following(order, { type: "refund.requested.v1", data })).toThrow(
      "more than it paid",
    );
    const other = { ...data, vouchers: [{ id: giftOf(9), amount: usd(1) }] };
    expect(() => following(order, { type: "refund.requested.v1", data: other })).toThrow();
  });

  it("keeps goods here whose price is on its way back, also where a voucher paid it", ({
    expect,
  }) => {
    const whole = paidWith([3_500]);
    const pending = asked(whole, {}, "ref_1")!;
    expect(() => following(pending, shipped("lin_1", 1))).toThrow("cannot follow");
    expect(() => following(whole, shipped("lin_1", 1))).not.toThrow();
  });

  it("is all of the voucher's money once the order is cancelled", ({ expect }) => {
    const view = orderView(
      following(refunded(paidWith([700]), { lines: [units(1)] }, "r"), cancelled()),
    );
    expect(view.vouchers[0]?.returned).toEqual(usd(700));
    expect(orderView(paidWith([700])).vouchers[0]?.returned).toEqual(usd(0));
  });

  it("never gives more than was paid, and all of it in the end, whatever is asked and refused", ({
    expect,
  }) => {
    const wish = fc.oneof(
      fc.record({ amountMinor: fc.integer({ min: 1, max: 4_000 }) }),
      fc.record({
        lines: fc.array(
          fc.record({
            lineId: fc.constantFrom(units(1).lineId, units(1, 2).lineId),
            quantity: fc.integer({ min: 1, max: 2 }),
          }),
          { minLength: 1, maxLength: 2 },
        ),
        shipping: fc.boolean(),
      }),
    );
    const steps = fc.array(fc.record({ wish, refused: fc.boolean() }), { maxLength: 8 });
    const vouchers = fc.array(fc.integer({ min: 1, max: 1_166 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(vouchers, steps, (paid, taken) => {
        let state = paidWith(paid);
        const both = (now: OrderState) => now.payment.refunded + returned(now);
        for (const [at, step] of taken.entries()) {
          const before = both(state);
          const pending = asked(state, step.wish, `ref_${at}`);
          if (!pending) continue;
          const { amount, vouchers: parts = [] } = pending.refunds.at(-1)!;
          const isRefused = step.refused && amount.amount > 0;
          const failed = { refundId: `ref_${at}`, reason: "x" };
          const news: OrderEventBody[] = isRefused
            ? [{ type: "refund.failed.v1", data: failed }]
            : settling(pending, `ref_${at}`);
          state = following(pending, ...news);
          expect(both(state)).toBe(isRefused ? before : before + amount.amount + sumOf(parts));
          if (state.status === "refunded") break;
        }
        expect(vouchersLeft(state).every(({ amount }) => amount.amount >= 0)).toBe(true);
        if (state.status !== "refunded") state = refunded(state, {}, "ref_rest");
        expect(state).toMatchObject({ status: "refunded" });
        expect(both(state)).toBe(3_500);
      }),
      { numRuns: 500 },
    );
  });
});
