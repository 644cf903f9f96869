import fc from "fast-check";
import { describe, it } from "vitest";
import { paidByLine, planRefund } from "../../src/orders/plan-refund.ts";
import { applyEvent, foldOrder, type OrderState } from "../../src/orders/state.ts";
import { unitsIn, unitsToRefund } from "../../src/orders/units.ts";
import { LineId } from "../../src/shared/ids.ts";
import { money } from "../../src/shared/money.ts";
import {
  captured,
  eventAt,
  newOrderId,
  placedBody,
  refundDone,
  refundRequested,
} from "./placed-order.ts";

type Amounts = {
  lines: { unit: number; quantity: number }[];
  discount: number;
  shipping: number;
  tax: number;
};

const usd = (amount: number) => money(amount, "USD");
const units = (id: string, quantity: number) => ({ lineId: LineId.parse(id), quantity });

/** A paid order of these amounts. */
function paid({ lines, discount, shipping, tax }: Amounts): OrderState {
  const orderId = newOrderId();
  const plain = placedBody(
    orderId,
    lines.map(({ quantity }) => quantity),
  );
  const subtotal = lines.reduce((sum, { unit, quantity }) => sum + unit * quantity, 0);
  const total = subtotal - discount + shipping + tax;
  const data = {
    ...plain,
    lines: plain.lines.map((line, at) => ({
      ...line,
      unitPrice: usd(lines[at]!.unit),
      total: usd(lines[at]!.unit * line.quantity),
    })),
    totals: {
      subtotal: usd(subtotal),
      discount: usd(discount),
      shipping: usd(shipping),
      tax: usd(tax),
      total: usd(total),
    },
    payment: { ...plain.payment, authorized: usd(total) },
  };
  return foldOrder([
    eventAt(orderId, 1, { type: "order.placed.v1", data }),
    eventAt(orderId, 2, captured(total)),
  ])!;
}

/** The order after a refund was asked for, and done. */
function refundedBy(
  state: OrderState,
  plan: { amount: { amount: number }; lines: unknown[] },
  id: string,
) {
  const lines = plan.lines as { lineId: LineId; quantity: number }[];
  const { version } = state;
  const asked = eventAt(state.id, version + 1, refundRequested(plan.amount.amount, id, lines));
  const done = eventAt(state.id, version + 2, refundDone(plan.amount.amount, id));
  return applyEvent(applyEvent(state, asked), done);
}

const amounts = fc
  .record({
    lines: fc.array(fc.record({ unit: fc.nat(5_000), quantity: fc.integer({ min: 1, max: 7 }) }), {
      minLength: 1,
      maxLength: 6,
    }),
    cut: fc.nat(1_000),
    shipping: fc.nat(2_000),
    tax: fc.nat(3_000),
  })
  .map(({ cut, ...rest }) => {
    const subtotal = rest.lines.reduce((sum, { unit, quantity }) => sum + unit * quantity, 0);
    return { ...rest, discount: Math.min(subtotal, cut) };
  });

describe("a line that says its own discount and tax", () => {
  it("is paid back at what was paid for it, and vouchers lower every part alike", ({ expect }) => {
    const lines = [
      { unit: 1_000, quantity: 1 },
      { unit: 1_000, quantity: 1 },
    ];
    const { placed } = paid({ lines, discount: 500, shipping: 300, tax: 60 });
    const shares = [
      { discount: usd(500), tax: usd(0) },
      { discount: usd(0), tax: usd(50) },
    ];
    const told = { ...placed, lines: placed.lines.map((line, at) => ({ ...line, ...shares[at] })) };
    // The 10 of tax that no line says were on the shipping.
    expect(paidByLine(told).map(({ goods }) => goods)).toEqual([500, 1_050]);
    const sum = (parts: { goods: number; shipping: number }[]) =>
      parts.reduce((total, { goods, shipping }) => total + goods + shipping, 0);
    expect(sum(paidByLine(told))).toBe(placed.totals.total.amount);
    const totals = { ...placed.totals, voucher: usd(930), total: usd(930) };
    expect(paidByLine({ ...told, totals }).map(({ goods }) => goods)).toEqual([250, 525]);
    expect(sum(paidByLine({ ...told, totals }))).toBe(930);
  });
});

describe("paidByLine", () => {
  it("splits any order so that the parts are its total, and none is negative", ({ expect }) => {
    fc.assert(
      fc.property(amounts, (drawn) => {
        const { placed } = paid(drawn);
        const parts = paidByLine(placed).flatMap(({ goods, shipping }) => [goods, shipping]);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(placed.totals.total.amount);
        expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("gives each line its share of discount, tax and shipping", ({ expect }) => {
    const lines = [
      { unit: 1_000, quantity: 3 },
      { unit: 2_000, quantity: 1 },
    ];
    const { placed } = paid({ lines, discount: 500, shipping: 100, tax: 450 });
    // 3,000 and 2,000 less 300 and 200; a tenth of tax on top; shipping as 3 to 2.
    expect(paidByLine(placed)).toMatchObject([
      { goods: 2_970, shipping: 60 },
      { goods: 1_980, shipping: 40 },
    ]);
  });

  it("takes what lowered the charge beside the discount off every part", ({ expect }) => {
    const { placed } = paid({
      lines: [{ unit: 900, quantity: 1 }],
      discount: 0,
      shipping: 100,
      tax: 0,
    });
    const charged = { ...placed, totals: { ...placed.totals, total: usd(500) } };
    expect(paidByLine(charged)).toMatchObject([{ goods: 450, shipping: 50 }]);
  });
});

describe("planRefund", () => {
  it("pays back unit by unit exactly what was paid, in whatever order", ({ expect }) => {
    fc.assert(
      fc.property(amounts, fc.infiniteStream(fc.nat()), (drawn, picks) => {
        let state = paid(drawn);
        for (let at = 0; at < 60 && state.status !== "refunded"; at += 1) {
          const left = unitsIn(unitsToRefund(state));
          if (left.length === 0) break;
          const { lineId } = left[picks.next().value! % left.length]!;
          const lines = [{ lineId, quantity: 1 }];
          const plan = planRefund(state, { lines, shipping: true });
          // A unit that cost nothing has nothing to pay back: the rest of its line goes with it.
          if (!plan.ok) {
            expect(plan.error.code).toBe("nothing_left");
            break;
          }
          state = refundedBy(state, plan.value, `ref_${at}`);
        }
        const rest = planRefund(state, {});
        if (rest.ok) state = refundedBy(state, rest.value, "ref_rest");
        expect(state.payment.refunded).toBe(state.payment.captured);
      }),
      { numRuns: 200 },
    );
  });

  const order = paid({
    lines: [{ unit: 1_000, quantity: 2 }],
    discount: 0,
    shipping: 500,
    tax: 0,
  });

  it("leaves the shipping with the shop unless it is asked for", ({ expect }) => {
    const one = [units("lin_1", 1)];
    expect(planRefund(order, { lines: one })).toMatchObject({
      ok: true,
      value: { amount: usd(1_000), shipping: usd(0) },
    });
    expect(planRefund(order, { lines: one, shipping: true })).toMatchObject({
      ok: true,
      value: { amount: usd(1_250), shipping: usd(250) },
    });
  });

  it("pays back all that is left when nothing is named", ({ expect }) => {
    expect(planRefund(order, {})).toMatchObject({ ok: true, value: { amount: usd(2_500) } });
    const rest = refundedBy(order, { amount: usd(900), lines: [] }, "ref_1");
    expect(planRefund(rest, {})).toMatchObject({
      ok: true,
      value: { amount: usd(1_600), lines: [units("lin_1", 2)] },
    });
    const none = refundedBy(order, { amount: usd(2_500), lines: [] }, "ref_1");
    expect(planRefund(none, {})).toMatchObject({ ok: false, error: { code: "nothing_left" } });
  });

  it("says why not", ({ expect }) => {
    expect(planRefund(order, { amountMinor: 2_501 })).toEqual({
      ok: false,
      error: { code: "refund_exceeds", refundable: usd(2_500) },
    });
    expect(planRefund(order, { lines: [units("lin_9", 1)] })).toMatchObject({
      error: { code: "line_unknown" },
    });
    expect(planRefund(order, { lines: [units("lin_1", 2), units("lin_1", 1)] })).toMatchObject({
      error: { code: "quantity_exceeded", left: 2 },
    });
    const most = refundedBy(order, { amount: usd(2_000), lines: [] }, "ref_1");
    expect(planRefund(most, { lines: [units("lin_1", 1)] })).toMatchObject({
      error: { code: "refund_exceeds", refundable: usd(500) },
    });
  });
});
