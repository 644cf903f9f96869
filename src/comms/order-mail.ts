import type { OrderView } from "../orders/index.ts";
import { formatMoney } from "../shared/money.ts";
import { html, oneLine } from "./markup.ts";
import type { Mail } from "./model.ts";

export type OrderTemplate = "order-confirmation" | "order-cancellation";

type Wording = { subject: (number: string) => string; opening: string; closing: string };

const WORDING: Record<OrderTemplate, Wording> = {
  "order-confirmation": {
    subject: (number) => `Your order ${number} is confirmed`,
    opening: "Thank you. We have received your payment and are getting your order ready.",
    closing: "You can see or cancel your order here:",
  },
  "order-cancellation": {
    subject: (number) => `Your order ${number} is cancelled`,
    opening:
      "Your order is cancelled. Nothing will be sent, and any payment goes back the way it came.",
    closing: "You can see your order here:",
  },
};

/**
 * What a shopper is told about an order, as text and as HTML. Made of facts that no later event
 * changes, so that a repeat is the same mail to the byte and the provider knows it.
 */
export function orderMail(template: OrderTemplate, order: OrderView, link: string): Mail {
  const wording = WORDING[template];
  const lines = order.lines.map((line) => ({
    what: `${line.quantity} × ${oneLine(line.title)}`,
    price: formatMoney(line.total),
  }));
  const sums = sumsOf(order);
  const name = oneLine(order.shippingAddress.name);
  const subject = wording.subject(order.number);
  const text = [
    `Hello ${name},`,
    wording.opening,
    [`Order ${order.number}`, ...lines.map(({ what, price }) => `- ${what}: ${price}`)].join("\n"),
    sums.map(({ label, price }) => `${label}: ${price}`).join("\n"),
    `${wording.closing}\n${link}`,
  ].join("\n\n");
  const row = (label: string, price: string) =>
    html`<tr><td>${label}</td><td align="right">${price}</td></tr>`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${subject}</title></head>
<body style="font-family:sans-serif;max-width:40em;margin:auto">
<p>Hello ${name},</p>
<p>${wording.opening}</p>
<h1 style="font-size:1.2em">Order ${order.number}</h1>
<table width="100%">${lines.map(({ what, price }) => row(what, price))}
${sums.map(({ label, price }) => row(label, price))}</table>
<p>${wording.closing} <a href="${link}">order ${order.number}</a></p>
</body></html>`;
  const tags = [
    { name: "order", value: order.id },
    { name: "template", value: template },
  ];
  return { to: order.email, subject, text: `${text}\n`, html: page.text, tags };
}

/** Parts of the total that are zero say nothing, except the total itself. */
function sumsOf({ totals }: OrderView): { label: string; price: string }[] {
  const { currency } = totals.total;
  const parts = [
    { label: "Subtotal", amount: totals.subtotal.amount },
    { label: "Discount", amount: -totals.discount.amount },
    { label: "Shipping", amount: totals.shipping.amount },
    { label: "Tax", amount: totals.tax.amount },
  ].filter(({ amount }) => amount !== 0);
  return [...parts, { label: "Total", amount: totals.total.amount }].map(({ label, amount }) => ({
    label,
    price: formatMoney({ amount, currency }),
  }));
}

/**
 * Where a guest reads the order. The token stands in the fragment, which browsers send to no server:
 * so it is in no access log and no `Referer`.
 */
export const orderLink = (publicUrl: string, orderId: string, token: string): string =>
  `${publicUrl.replace(/\/$/, "")}/order/${orderId}#token=${token}`;
