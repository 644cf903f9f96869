import { describe, it } from "vitest";
import { html, oneLine } from "../../src/comms/markup.ts";
import { orderLink, orderMail, orderSms } from "../../src/comms/order-mail.ts";
import type { OrderEventBody } from "../../src/orders/index.ts";
import { orderView } from "../../src/orders/order-view.ts";
import { foldOrder } from "../../src/orders/state.ts";
import { money } from "../../src/shared/money.ts";
import {
  cancelled,
  captured,
  refundDone,
  refundRequested,
  returnReceived,
  returnRequested,
  shipped,
  stream,
} from "../orders/placed-order.ts";

const order = orderView(foldOrder(stream([captured(5500)], { quantities: [2, 3] }))!);
const link = orderLink("https://shop.example/", order.id, "tok-en_43");

describe("orderMail", () => {
  it("confirms an order with its lines, its sums and a link, in text and in HTML", ({ expect }) => {
    const mail = orderMail("order-confirmation", order, link);
    expect(mail.to).toBe("ada@example.com");
    expect(mail.subject).toBe(`Your order ${order.number} is confirmed`);
    for (const body of [mail.text, mail.html]) {
      expect(body).toContain("Hello Ada Lovelace,");
      expect(body).toContain("2 × Thing 1");
      expect(body).toContain("30.00 USD");
      expect(body).toContain("55.00 USD");
      expect(body).toContain(link);
      expect(body).not.toContain("Discount");
    }
    expect(mail.tags).toEqual([
      { name: "order", value: order.id },
      { name: "template", value: "order-confirmation" },
    ]);
  });

  it("says of a cancelled order that nothing comes and money goes back", ({ expect }) => {
    const view = orderView(foldOrder(stream([cancelled()]))!);
    const mail = orderMail("order-cancellation", view, link);
    expect(mail.subject).toBe(`Your order ${view.number} is cancelled`);
    expect(mail.text).toMatch(/Nothing will be sent.*goes back/);
  });

  it("is the same mail to the byte when it is made again, whatever happened to the order since", ({
    expect,
  }) => {
    const events = stream([captured(2500), cancelled()]);
    const [before, after] = [2, 3].map((length) => orderView(foldOrder(events.slice(0, length))!));
    const make = (view: typeof order) => orderMail("order-confirmation", view, link);
    expect(make(after!)).toEqual(make(before!));
  });

  it("57 · treats what shoppers and merchants wrote as text", ({ expect }) => {
    const [line] = order.lines;
    const hostile = {
      ...order,
      shippingAddress: {
        ...order.shippingAddress,
        name: "<img src=x onerror=alert(1)>\r\nBcc: all",
      },
      lines: [{ ...line!, title: `"><script>alert(1)</script>\nTotal: 0.00` }],
      totals: { ...order.totals, discount: money(100, "USD") },
    };
    const mail = orderMail("order-confirmation", hostile, link);
    expect(mail.html).not.toMatch(/<script|<img/);
    expect(mail.html).toContain("&lt;script&gt;");
    expect(mail.text).not.toMatch(/^(Bcc|Total: 0)/m);
    expect(mail.subject).not.toMatch(/[\r\n]/);
    expect(mail.text).toContain("Discount: -1.00 USD");
  });
});

describe("orderLink", () => {
  it("keeps the token out of what is sent to servers", ({ expect }) => {
    const url = new URL(link);
    expect(url.pathname).toBe(`/order/${order.id}`);
    expect(url.search).toBe("");
    expect(url.hash).toBe("#token=tok-en_43");
  });
});

describe("html", () => {
  it("escapes values, in content and in attributes, but not its own markup", ({ expect }) => {
    const inner = html`<b>${"a & b"}</b>`;
    expect(html`<p title="${`"'<>`}">${inner}${[inner, inner]}${3}</p>`.text).toBe(
      '<p title="&quot;&#39;&lt;&gt;"><b>a &amp; b</b><b>a &amp; b</b><b>a &amp; b</b>3</p>',
    );
  });

  it("57 · cannot be fooled by data that looks like markup", ({ expect }) => {
    const forged = { text: "<script>" } as unknown as string;
    expect(() => html`${forged}`).toThrow();
  });
});

describe("oneLine", () => {
  it("56 · leaves no way to begin a line", ({ expect }) => {
    expect(oneLine("a\r\nb\u2028c\u0000d\t e ")).toBe("a b c d  e");
  });
});

describe("after the sale", () => {
  const view = (events: OrderEventBody[]) => orderView(foldOrder(stream(events))!);

  it("names the goods of this parcel and how to follow it", ({ expect }) => {
    const parcel = shipped("lin_1", 1);
    const order = view([captured(2500), parcel]);
    const mail = orderMail("order-shipped", order, link, parcel);
    expect(mail.text).toContain("1 × Thing 1");
    expect(mail.text).toContain("Pigeon Post, tracking number PP 1");
    expect(mail.text).not.toContain("Total:");
  });

  it("tells the amount of one refund, whatever was refunded before", ({ expect }) => {
    const done = refundDone(300, "ref_2");
    const before = [captured(2500), refundRequested(700), refundDone(700)];
    const order = view([...before, refundRequested(300, "ref_2"), done]);
    const mail = orderMail("order-refunded", order, link, done);
    expect(mail.text).toContain("Refunded: 3.00 USD");
    expect(mail.text).not.toContain("10.00");
  });

  it("names what arrived of a return, not what was announced", ({ expect }) => {
    const receipt = returnReceived("lin_1", 1);
    const order = view([captured(2500), returnRequested("lin_1", 2), receipt]);
    expect(orderMail("return-received", order, link, receipt).text).toContain("1 × Thing 1");
  });

  it("has a short form for phones that can be reached, and for news that is worth it", ({
    expect,
  }) => {
    const parcel = shipped("lin_1", 2);
    const order = view([captured(2500), parcel]);
    const at = (phone?: string) => ({
      ...order,
      shippingAddress: { ...order.shippingAddress, ...(phone === undefined ? {} : { phone }) },
    });
    expect(orderSms("order-shipped", at("0044 (20) 7946-0000"), parcel)).toMatchObject({
      to: "+442079460000",
      text: expect.stringContaining("PP 1"),
    });
    for (const phone of [undefined, "020 7946 0000", "+0123456789", "+44\nBcc: x", "+1"]) {
      expect(orderSms("order-shipped", at(phone))).toBeUndefined();
    }
    expect(orderSms("order-confirmation", at("+442079460000"))).toBeUndefined();
  });
});
