import { describe, it } from "vitest";
import { ORDER_TEMPLATES } from "../../src/comms/notice.ts";
import { orderPush } from "../../src/comms/order-push.ts";
import { orderView } from "../../src/orders/order-view.ts";
import { foldOrder } from "../../src/orders/state.ts";
import { captured, eventAt, shipped, stream } from "../orders/placed-order.ts";

const events = stream([captured(5500), shipped("lin_1", 1)], { quantities: [2, 3] });
const order = orderView(foldOrder(events)!);
const told = (template: (typeof ORDER_TEMPLATES)[number]) =>
  orderPush(template, order, events[2]!, "https://shop.example/");

describe("orderPush", () => {
  it.for(ORDER_TEMPLATES)("says of %s nothing but the order's number", (template, { expect }) => {
    const push = told(template)!;
    expect(push.title).toContain(order.number);
    expect(push.link).toBe(`https://shop.example/order/${order.id}`);
    const said = `${push.title} ${push.body}`;
    const { email, shippingAddress, lines } = order;
    const personal = [email, ...Object.values(shippingAddress), ...lines.map(({ title }) => title)];
    for (const word of personal) expect(said).not.toContain(word);
    expect(said.replaceAll(order.number, "")).not.toMatch(/\d/);
    expect(JSON.stringify(push)).not.toContain("token");
  });

  it("is the same for the same event, and has another name for another", ({ expect }) => {
    expect(told("order-shipped")).toEqual(told("order-shipped"));
    const next = eventAt(order.id, 4, shipped("lin_1", 1));
    const other = orderPush("order-shipped", order, next, "https://shop.example/");
    expect(other?.replaces).not.toBe(told("order-shipped")?.replaces);
  });

  it("is left out where the voucher's mail says it", ({ expect }) => {
    const credit = { type: "voucher.credited.v1", data: { refundId: "ref_1", vouchers: [] } };
    const event = eventAt(order.id, 4, credit as never);
    expect(orderPush("order-refunded", order, event, "https://shop.example/")).toBeUndefined();
  });
});
