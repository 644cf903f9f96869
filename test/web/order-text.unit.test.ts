import { describe, it } from "vitest";
import { orderView } from "../../src/orders/order-view.ts";
import { foldOrder } from "../../src/orders/state.ts";
import { LineId } from "../../src/shared/ids.ts";
import { captured, refundRequested, shipped, stream } from "../orders/placed-order.ts";

/** Plain JavaScript, as the browser loads it. */
type Page = {
  heading: string;
  status: string;
  lines: string[][];
  sums: string[][];
  shipments: { heading: string; units: string[]; parcels: { text: string; url?: string }[] }[];
  refunds: string[][];
};
const script = "../../web/pages/order-text.js";
const { orderText, moneyText } = (await import(script)) as {
  orderText(order: unknown, locale: string): Page;
  moneyText(value: { amount: number; currency: string }, locale: string): string;
};

describe("the order page", () => {
  it("says what was bought, what it cost, what has left and what goes back", ({ expect }) => {
    const lines = [{ lineId: LineId.parse("lin_1"), quantity: 1 }];
    const order = foldOrder(
      stream([captured(2_500), shipped("lin_1", 1), refundRequested(1_000, "ref_1", lines)]),
    )!;
    const page = orderText(orderView(order), "en-US");
    expect(page).toEqual({
      heading: `Order ${order.placed.number}`,
      status: "Your payment has arrived, and we are getting your order ready.",
      lines: [["2 × Thing 1", "$20.00"]],
      sums: [
        ["Subtotal", "$20.00"],
        ["Shipping", "$5.00"],
        ["Total", "$25.00"],
      ],
      shipments: [
        {
          heading: "Shipment 1 of 1: sent",
          from: undefined,
          units: ["2 × Thing 1"],
          parcels: [{ text: "Pigeon Post, PP 1", url: undefined }],
        },
      ],
      refunds: [["$10.00", "on its way"]],
    });
  });

  it("writes each currency with its own decimals", ({ expect }) => {
    expect(moneyText({ amount: 500, currency: "JPY" }, "en-US")).toBe("¥500");
    expect(moneyText({ amount: -1_234, currency: "KWD" }, "en-US")).toContain("1.234");
  });
});
